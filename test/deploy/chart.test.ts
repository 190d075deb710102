import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { parse } from 'yaml'
import { chartDigest, chartFolder, manifestsFile } from '../../scripts/chart.ts'
import { root } from '../house/tree.ts'

interface Schema {
  type?: string
  $ref?: string
  additionalProperties?: unknown
  properties?: Record<string, Schema>
}

const text = (name: string): string => readFileSync(join(chartFolder, name), 'utf8')
const values = text('values.yaml')
const schema = JSON.parse(text('values.schema.json')) as Schema

/** Where a schema and the default values differ in their keys, or a schema lets pass keys that nobody knows. */
function differing(at: Schema, value: unknown, path = ''): string[] {
  const { properties } = at
  if (properties === undefined) return []
  const given = Object.keys(value ?? {}).toSorted()
  const known = Object.keys(properties).filter(key => path !== '' || key !== 'global')
  const wrong: string[] = []
  if (at.additionalProperties !== false) wrong.push(`${path}: lets unknown keys pass`)
  // A mapping that is empty by default lists what may be in it in the schema alone.
  if (given.length > 0 && given.join() !== known.toSorted().join())
    wrong.push(`${path}: expected ${known.join()}, got ${given.join()}`)
  const inner = Object.entries(properties).flatMap(([key, each]) =>
    differing(each, (value as Record<string, unknown> | undefined)?.[key], `${path}.${key}`),
  )
  return [...wrong, ...inner]
}

/** Keys of values.yaml with no comment before them; a mapping is told by what is in it. */
function untold(yaml: string): string[] {
  const lines = yaml.split('\n')
  return lines.filter((line, i) => {
    const key = /^( *)[\w-]+:(.*)$/.exec(line)
    if (key === null || (lines[i - 1] ?? '').trim().startsWith('#')) return false
    const group = key[2] === '' && (lines[i + 1] ?? '').trim().startsWith('#')
    return !group && (key[1] ?? '').length <= 4 && !/^ *(requests|limits):/.test(line)
  })
}

test('the schema knows each value, and no other', t => {
  t.deepEqual(differing(schema, parse(values)), [])
  const planted = { type: 'object', properties: { a: { type: 'string' } } }
  t.is(differing(planted, { b: 1 }).length, 2)
})

test('every value says what it does', t => {
  t.deepEqual(untold(values), [])
  t.deepEqual(untold('# a\na: 1\nb: 2\nc:\n  # d\n  d: 3\n'), ['b: 2'])
})

/** Variables in a template, whatever the values, that its component's readers of the environment don't know. */
function unread(template: string, readers: string): string[] {
  const known = new Set(readers.match(/\bOUTRIGGER_[A-Z_]+\b/g))
  return (template.match(/name: OUTRIGGER_[A-Z_]+/g) ?? [])
    .map(line => line.slice('name: '.length))
    .filter(name => !known.has(name))
}

test('every variable that a template may set is read', t => {
  for (const component of ['controller', 'edge', 'aggregator']) {
    const files = ['config.ts', 'env-table.ts'].map(file => join(root, component, file))
    const readers = files.filter(file => existsSync(file)).map(file => readFileSync(file, 'utf8'))
    t.deepEqual(unread(text(`templates/${component}.yaml`), readers.join('\n')), [], component)
  }
  t.deepEqual(unread('- name: OUTRIGGER_NONE', "'OUTRIGGER_ADMIN'"), ['OUTRIGGER_NONE'])
})

test('the chart has the version of the package', t => {
  const { version, appVersion } = parse(text('Chart.yaml')) as Record<string, string>
  const { version: own } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string
  }
  t.deepEqual({ version, appVersion }, { version: own, appVersion: own })
})

test('the manifests are made from this chart (mend: make manifests)', t => {
  t.true(readFileSync(manifestsFile, 'utf8').includes(`Chart: ${chartDigest()}\n`))
})

test('docs/install.md tells of each group of values', t => {
  const page = readFileSync(join(root, 'docs/install.md'), 'utf8')
  const groups = Object.keys(parse(values) as object)
  t.deepEqual(
    groups.filter(name => !page.includes(`\`${name}`)),
    [],
  )
})
