import test from 'ava'
import { environmentReads, impurities, wallBreaches } from './walls.ts'
import { tree, typescript } from './tree.ts'

const sources = typescript(tree())
const source = (path: string, text: string): { path: string; text: string } => ({ path, text })

test('the rooms keep their walls', t => {
  t.true(sources.length > 100)
  t.deepEqual(wallBreaches(sources), [])
})

test('the pure rooms use no clock, chance, outside or inexact arithmetic', t => {
  t.deepEqual(impurities(sources), [])
})

test('the environment is read in one file a component', t => {
  t.deepEqual(environmentReads(sources), [])
})

const breaches: [string, string, string][] = [
  ['a pure room imports node:', 'core/model/a.ts', "import { readFileSync } from 'node:fs'"],
  ['a pure room imports a package', 'simulate/a.ts', "import * as yaml from 'yaml'"],
  ['a pure room imports an impure one', 'sidecar/admit/a.ts', "import { b } from '../measure.ts'"],
  ['a pure room imports a type', 'edge/dispatch/a.ts', "import type { B } from '../config.ts'"],
  ['a pure room re-exports', 'core/http/a.ts', "export * from '../runtime/clock.ts'"],
  ['a pure room imports later', 'controller/decide/a.ts', "await import('../tick.ts')"],
  ['a pure room imports what it computes', 'core/model/a.ts', 'await import(name)'],
  ['a component imports another', 'sidecar/a.ts', "import { x } from '../edge/main.ts'"],
  ['a component imports the cli', 'local/deep/a.ts', "import { x } from '../../cli/exit.ts'"],
  ['core imports a component', 'core/runtime/a.ts', "import { x } from '../../local/up.ts'"],
  ['a source imports a test', 'controller/a.ts', "import { x } from '../test/support/otlp.ts'"],
  [
    'an example imports the house',
    'examples/m/a.ts',
    "import { x } from '../../core/runtime/log.ts'",
  ],
]
for (const [what, path, text] of breaches) {
  test(`caught: ${what}`, t => t.is(wallBreaches([source(path, text)]).length, 1))
}

test('let pass: core and pure rooms from anywhere, components from the cli', t => {
  const fine = [
    source('edge/a.ts', "import { x } from '../sidecar/admit/queue.ts'\nimport { y } from 'yaml'"),
    source('controller/decide/a/b.ts', "import { x } from '../../../core/model/math.ts'"),
    source('cli/up.ts', "const { up } = await import('../local/up.ts')"),
  ]
  t.deepEqual(wallBreaches(fine), [])
})

const impure: [string, string][] = [
  ['a clock', 'const at = Date.now()'],
  ['a new Date', 'const at = new Date()'],
  ['a monotonic clock', 'performance.now()'],
  ['chance', 'Math.random()'],
  ['inexact arithmetic', 'Math.exp(1)'],
  ['a power', 'let x = 2 ** 3'],
  ['a power in place', 'let x = 2; x **= 3'],
  ['a computed function of Math', "Math['log'](1)"],
  ['the environment', 'const home = process.env.HOME'],
  ['a timer', 'setTimeout(() => {}, 1)'],
  ['the way round by globalThis', 'globalThis.Date.now()'],
]
for (const [what, text] of impure) {
  test(`caught in a pure room: ${what}`, t => {
    t.true(impurities([source('core/model/a.ts', text)]).length > 0)
    t.deepEqual(impurities([source('core/runtime/a.ts', text)]), [])
  })
}

test('let pass in a pure room: exact arithmetic, and names that only look alike', t => {
  const text = 'const x = { Date: Math.sqrt(2), process: Math.PI }; x.process + x.Date'
  t.deepEqual(impurities([source('core/model/a.ts', text)]), [])
})

test('caught: the environment read anywhere but in config.ts', t => {
  for (const text of [
    'process.env.HOME',
    "process['env']",
    'const { PATH } = process.env',
    "import { env } from 'node:process'",
  ]) {
    t.is(environmentReads([source('sidecar/measure.ts', text)]).length, 1, text)
    t.deepEqual(environmentReads([source('sidecar/config.ts', text)]), [])
  }
})
