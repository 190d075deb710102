import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { parse } from 'yaml'
import { columns, RATIO } from '../../cli/simulate/columns.ts'
import { check, object, text, type Issue, type Schema } from '../../core/model/schema.ts'
import { policies } from '../../simulate/rivals/index.ts'
import { limiters } from '../../simulate/rivals/limiters/index.ts'
import { scenarioFrom } from '../../simulate/scenario/read.ts'
import { scenarioFile } from '../../simulate/scenario/schema.ts'
import { root } from './tree.ts'

const page = readFileSync(join(root, 'docs/simulate.md'), 'utf8')
const NONE = 'no-such-thing'
/** Keys whose value says which other keys there are. */
const TAGS = ['kind', 'spread']

/** A name, and what it is a key, a kind or a choice of. */
interface Name {
  owner: string
  name: string
}

/** Where a value stands in a whole one, and the path that errors say. */
interface Place {
  owner: string
  path: string
  around(value: unknown): unknown
}

/** All names that a schema knows, found as a user would: by what it says of wrong ones. */
function namesIn(schema: Schema<unknown>): Name[] {
  const wrong = (value: unknown): Issue[] => {
    const checked = check(schema, value)
    return checked.ok ? [] : checked.issues
  }
  const found: Name[] = []
  const look = ({ owner, path, around }: Place, given: object, above: string[] = []): void => {
    const at = (key: string): string => (path === '' ? key : `${path}.${key}`)
    const listed = (value: unknown, key: string, words: RegExp): string[] => {
      const issue = wrong(around(value)).find(each => each.path === at(key))
      return words.exec(issue?.expected ?? '')?.[1]?.split(', ') ?? []
    }
    const keys = listed({ ...given, [NONE]: 0 }, NONE, /^a known key \((.*)\)$/)
    for (const key of keys.length > 0 ? keys : TAGS) {
      if (above.includes(key)) continue
      const tag = TAGS.includes(key)
      for (const name of listed({ ...given, [key]: NONE }, key, /^one of (.*)$/)) {
        found.push({ owner: tag ? owner : key, name })
        if (tag) look({ owner: name, path, around }, { [key]: name }, [key, ...keys])
      }
    }
    for (const key of keys) {
      if (above.includes(key)) continue
      found.push({ owner, name: key })
      const inside = (value: unknown): unknown => around({ ...given, [key]: value })
      look({ owner: key, path: at(key), around: inside }, {})
      look({ owner: key, path: `${at(key)}[0]`, around: value => inside([value]) }, {})
    }
  }
  look({ owner: 'scenario', path: '', around: value => value }, {})
  return found
}

/** What has a `spread` is told of in one place. */
const shared = new Set(['work', 'wait', 'prompt', 'output'])

/** What a page says of a name: rows that begin with it, and sections that have it in their heading. */
function about(text: string, owner: string): string {
  const name = shared.has(owner) ? 'spread' : owner
  const rows = text.split('\n').filter(line => line.startsWith(`| \`${name}\` |`))
  const sections = text
    .split(/^(?=##)/m)
    .filter(each => each.split('\n')[0]?.includes(`\`${name}\``))
  return [...rows, ...sections].join('\n')
}

function untold(text: string, names: readonly Name[]): string[] {
  const missing = names.filter(({ owner, name }) => {
    const said = about(text, owner)
    return !said.includes(`\`${name}\``) && !said.includes(`\`${name}: `)
  })
  return [...new Set(missing.map(({ owner, name }) => `${owner}: ${name}`))]
}

const known = [
  ...namesIn(scenarioFile),
  ...['outrigger', ...Object.keys(policies)].map(name => ({ owner: 'policies', name })),
  ...['outrigger', 'fixed-N', ...Object.keys(limiters)].map(name => ({ owner: 'limiters', name })),
]

test('docs/simulate.md tells of every key, kind, shape, spread, policy and limiter', t => {
  t.true(known.length > 120, `${known.length}`)
  for (const name of ['onTimeout', 'kappa', 'padded', 'flash', 'bimodal', 'restart', 'notReasons'])
    t.true(
      known.some(each => each.name === name),
      name,
    )
  t.deepEqual(untold(page, known), [])
})

test('what is missing in a page is found: a key, one that another owner has, a kind', t => {
  const inner = object({ a: text(), b: text() }, { strict: true })
  const names = namesIn(object({ inner, other: inner }, { strict: true }))
  const told = '## The `scenario`\n\n| `inner` | `a`, `b` |\n| `other` | `a` |\n'
  t.deepEqual(untold(told, names), ['other: b'])
  t.deepEqual(untold(page.replace(/^\| `usl` .*\n/m, ''), known).slice(0, 2), [
    'model: usl',
    'usl: work',
  ])
  t.deepEqual(untold(page.replace('`sigma`, ', ''), known), ['usl: sigma'])
  t.deepEqual(untold(page.replace(/^\| `keda` .*\n/m, ''), known), ['policies: keda'])
})

test('each row of the page that names something names what there is', t => {
  const names = new Set(known.map(({ name }) => name))
  const rows = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name)
  t.deepEqual(
    rows.filter(name => !names.has(name)),
    [],
  )
})

test('the page tells of every column, and its examples can be read', t => {
  for (const { head } of [...columns, RATIO]) t.true(page.includes(head), head)
  const blocks = [...page.matchAll(/```yaml\n([^]*?)```/g)].map(([, block = '']) => block)
  t.true(blocks.length >= 5)
  const base = parse(blocks[0] ?? '') as object
  for (const block of blocks) t.notThrows(() => scenarioFrom({ ...base, ...parse(block) }), block)
})
