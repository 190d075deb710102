import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { parse } from 'yaml'
import { annotationTable } from '../../controller/kubernetes/annotations.ts'
import { eventReasons } from '../../controller/kubernetes/event-reasons.ts'
import { annotationNames } from '../../controller/kubernetes/inject/annotations.ts'
import { RETRY } from '../../controller/kubernetes/keep/stuck.ts'
import { NAMES, PREFIX } from '../../controller/kubernetes/watch/names.ts'
import { reasons } from '../../core/model/reasons.ts'
import { settingNames } from '../../core/model/settings.ts'
import { objectsOf } from '../deploy/objects.ts'
import { root, tree } from './tree.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const files = tree()
const pages = files.filter(({ path }) => /^(docs\/|examples\/kubernetes\/|README)/.test(path))
const cluster = ['kubernetes', 'migrate', 'troubleshooting', 'install', 'cluster', 'webhook']
const clusterPages = cluster.map(name => read(`docs/${name}.md`))
const known = new Set<string>([
  ...Object.keys(annotationTable),
  ...settingNames,
  ...['replicas', ...settingNames].map(name => `override-${name}`),
])

/** Annotations that a text names and nobody reads or writes. */
function strangers(text: string): string[] {
  return [...text.matchAll(/outrigger\\?\.dev\/([a-z][a-z-]*)([A-Z]?)/g)]
    .filter(([, , placeholder]) => placeholder === '')
    .map(([, name = '']) => name.replace(/-$/, ''))
    .filter(name => !known.has(name))
}

test('every annotation that is named in docs, examples and chart is in the table, and those of the code are', t => {
  for (const { path, text } of [...pages, ...files.filter(f => f.path.startsWith('deploy/chart'))])
    t.deepEqual(strangers(text), [], path)
  t.deepEqual(strangers('outrigger.dev/max-replica: 1, outrigger.dev/epoch-'), ['max-replica'])
  const coded = [...Object.values(NAMES), RETRY].map(name => name.slice(PREFIX.length))
  t.deepEqual(
    [...coded, ...annotationNames].filter(name => !Object.hasOwn(annotationTable, name)),
    [],
  )
})

test('who is told to inject beforehand is told of the key, without which the command refuses', t => {
  const texts = [...pages.map(({ text }) => text), read('deploy/chart/templates/NOTES.txt')]
  const told = texts.flatMap(text => text.match(/outrigger inject .*\| kubectl apply/g) ?? [])
  t.is(told.length, 2)
  t.deepEqual(
    told.filter(command => !command.includes(' --root-key ')),
    [],
  )
})

test('every reason of an Event is said by code, and docs name no other', t => {
  const code = files
    .filter(({ path }) => /^controller\/kubernetes\/(?!event-reasons)/.test(path))
    .map(({ text }) => text)
    .join('\n')
  t.deepEqual(
    Object.keys(eventReasons).filter(name => !code.includes(`'${name}'`)),
    [],
  )
  const named = clusterPages
    .flatMap(text => [...text.matchAll(/Events? ((?:`\w+`(?:,| and| or)?\s*)+)/g)])
    .flatMap(([, list = '']) => list.match(/\w{4,}/g) ?? [])
  t.true(named.length > 3)
  t.deepEqual(
    named.filter(name => !Object.hasOwn(eventReasons, name)),
    [],
  )
})

/** Values of the chart, a.b.c, that a text names and values.yaml does not have. */
function noValues(text: string, values: Record<string, unknown>): string[] {
  const spans = [...text.matchAll(/(?:`|--set '?|,)([a-zA-Z]+(?:\.[\w-]+)+)(?=[`=])/g)]
  return spans
    .map(([, path = '']) => path)
    .filter(path => !/\.(md|yaml|ts)$/.test(path))
    .filter(path => Object.hasOwn(values, path.split('.')[0] ?? ''))
    .filter(path => !has(values, path.split('.')))
}

function has(at: unknown, [key, ...rest]: string[]): boolean {
  if (key === undefined) return true
  const here = at as Record<string, unknown> | null
  if (here === null || typeof here !== 'object') return false
  // A mapping that is empty by default takes any name.
  return Object.keys(here).length === 0 || (Object.hasOwn(here, key) && has(here[key], rest))
}

test('every value of the chart that docs name is one', t => {
  const values = parse(read('deploy/chart/values.yaml')) as Record<string, unknown>
  for (const text of clusterPages) t.deepEqual(noValues(text, values), [])
  t.deepEqual(noValues('`edge.enable`, --set image.repo=x', values), ['edge.enable', 'image.repo'])
})

test('troubleshooting names reasons that decisions have', t => {
  const tables = read('docs/troubleshooting.md').match(/\| Reason \|[^]*?(?=\n\n)/g) ?? []
  t.true(tables.length >= 3)
  const cells = tables.flatMap(table => table.split('\n').slice(2)).map(row => row.split('|')[1])
  const named = cells.flatMap(cell => cell?.match(/[a-z-]+/g) ?? [])
  t.deepEqual(
    named.filter(name => !Object.hasOwn(reasons, name)),
    [],
  )
})

test('docs/kubernetes.md explains each right of the controller, and no other', t => {
  const rules = objectsOf(read('deploy/manifests/outrigger.yaml')).flatMap(o => o.rules ?? [])
  const given = new Set(rules.flatMap(({ resources }) => resources))
  const [, section = ''] =
    /\| Resource \| Verbs \|.*\n([^]*?)\n\n/.exec(read('docs/kubernetes.md')) ?? []
  const told = section.split('\n').flatMap(row => row.split('|')[1]?.match(/[a-z/]+/g) ?? [])
  t.deepEqual(told.toSorted(), [...given].toSorted())
})

test('commands in docs have the options that they are shown with', t => {
  const shown = [
    ...pages
      .map(({ text }) => text)
      .join('\n')
      .matchAll(/outrigger ([a-z]+)(?![a-z/])([^`\n|)#]*)/g),
  ]
  const options = new Map<string, Set<string>>()
  for (const [, command = '', rest = ''] of shown)
    for (const option of rest.match(/--[a-z-]+/g) ?? [])
      options.set(command, (options.get(command) ?? new Set()).add(option))
  for (const [command, names] of options) {
    const run = ['cli/main.ts', command, '--help']
    const { status, stdout } = spawnSync('node', run, { cwd: root, encoding: 'utf8' })
    t.is(status, 0, command)
    t.deepEqual(
      [...names].filter(name => name !== '--help' && !stdout.includes(name)),
      [],
      command,
    )
  }
})
