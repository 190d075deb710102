import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { commandWith } from '../../../cli/simulate/command.ts'
import type { Choice } from '../../../cli/simulate/engine.ts'
import { progressOn } from '../../../cli/simulate/progress.ts'
import type { Played } from '../../../simulate/result.ts'
import { folder } from '../../controller/support/folder.ts'
import { ran, type Ran } from '../support/run.ts'
import { madeEngine } from './support/made.ts'
import { elementsOf } from './support/xml.ts'

interface Simulated extends Ran {
  choices: Choice[]
}

async function simulate(...args: string[]): Promise<Simulated> {
  const choices: Choice[] = []
  const engine = madeEngine(choice => {
    choices.push(choice)
  })
  return { ...(await ran(commandWith(engine), ...args)), choices }
}

function written(t: ExecutionContext, files: Record<string, string>): (name: string) => string {
  const dir = folder(t)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir, name, '..'), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  return name => join(dir, name)
}

test.serial('a scenario is played as it says, under its own name or that of its file', async t => {
  const at = written(t, {
    'a.yaml': 'seed: 7',
    'b.yaml': 'name: Black Friday\npolicies: [kpa, outrigger]',
  })
  const { code, out, choices } = await simulate(at('a.yaml'), at('b.yaml'), at('a.yaml'))
  t.is(code, 0)
  t.deepEqual(choices, [
    { policy: 'outrigger', limiter: 'outrigger', seed: 7 },
    { policy: 'kpa', limiter: 'outrigger', seed: 1 },
    { policy: 'outrigger', limiter: 'outrigger', seed: 1 },
  ])
  t.regex(out, /^a: 1 min, seed 7\n[^]*\n\nBlack Friday: 1 min, seed 1\nPOLICY/)
})

test.serial(
  'policies, limiters and seeds from the command line: each with each that fits',
  async t => {
    const at = written(t, { 'a.yaml': '{}' })
    const args = ['--policy', 'outrigger, kpa,static', '--limiter', 'outrigger,fixed-4']
    const { code, out, choices } = await simulate(
      at('a.yaml'),
      ...args,
      '--seed',
      '5',
      '--repeat',
      '2',
    )
    t.is(code, 0)
    const pairs = ['outrigger outrigger', 'kpa outrigger', 'static outrigger', 'static fixed-4']
    t.deepEqual(
      choices.map(({ policy, limiter, seed }) => `${policy} ${limiter} ${seed}`),
      pairs.flatMap(pair => [`${pair} 5`, `${pair} 6`]),
    )
    t.regex(out, /\noutrigger {2}outrigger [^]*\nkpa {8}- {3}[^]*\nstatic {5}fixed-4 /)
  },
)

test.serial(
  'names that are none, and pairs that do not fit, are said before anything is played',
  async t => {
    const at = written(t, {
      'a.yaml': 'policies: [nobody, kpa]',
      'b.yaml': '{}',
      'c.yaml': 'policies: []',
    })
    const unknown = await simulate(
      at('a.yaml'),
      at('b.yaml'),
      at('c.yaml'),
      '--limiter',
      'nothing,fixed-4',
    )
    t.is(unknown.code, 2)
    t.deepEqual(unknown.choices, [])
    t.deepEqual(unknown.err.split('\n'), [
      'a: no policy nobody',
      'a: no limiter nothing',
      'b: no limiter nothing',
      'c: no limiter nothing',
    ])
    const { code, err } = await simulate(at('b.yaml'), at('c.yaml'), '--limiter', 'fixed-4')
    t.is(code, 2)
    t.deepEqual(err.split('\n'), [
      'b: policy outrigger: expected limiter outrigger, got fixed-4',
      'b: limiter fixed-4: expected policy static, got outrigger',
      'c: expected at least one policy and one limiter, got none',
    ])
  },
)

test.serial('--json: the runs without their seconds, or with them', async t => {
  const at = written(t, { 'a.yaml': '{}' })
  const without = await simulate(at('a.yaml'), '--json', '--repeat', '2')
  const runs = JSON.parse(without.out) as Partial<Played>[]
  t.deepEqual(
    runs.map(({ scenario, seed, totals, seconds }) => [scenario, seed, totals?.bad, seconds]),
    [
      ['a', 1, 10, undefined],
      ['a', 2, 20, undefined],
    ],
  )
  const [run] = JSON.parse((await simulate(at('a.yaml'), '--json', '--seconds')).out) as Played[]
  t.is(run?.seconds.offered.length, 60)
})

test.serial(
  'something missed: exit code 1, and a rival is not judged by what is expected of ours',
  async t => {
    const expect = (most: number): string =>
      JSON.stringify({
        policies: ['outrigger', 'kpa'],
        expect: { outrigger: { replicasAt: [], bad: [0, most] } },
      })
    const at = written(t, { 'met.yaml': expect(0.5), 'missed.yaml': expect(0.001) })
    t.is((await simulate(at('met.yaml'))).code, 0)
    const missed = await simulate(at('met.yaml'), at('missed.yaml'))
    t.is(missed.code, 1)
    t.regex(missed.out, /Expected: 1 met\.\n {2}met {5}outrigger, seed 1: share of bad requests: /)
    t.regex(
      missed.out,
      /Expected: 1 missed\.\n {2}missed {2}outrigger, seed 1: .*expected 0 to 0\.001, got 0\.00758/,
    )
    const fixed = written(t, {
      'fixed.yaml': JSON.stringify({
        policies: ['static'],
        limiters: ['fixed-4', 'fixed-8'],
        expect: { static: { replicasAt: [], bad: [0, 1] } },
      }),
    })
    const first = await simulate(fixed('fixed.yaml'))
    t.is(first.choices.length, 2)
    t.regex(first.out, /Expected: 1 met\./)
  },
)

test.serial('--html writes the page', async t => {
  const at = written(t, { 'a.yaml': 'about: What is to be seen.' })
  const { code } = await simulate(at('a.yaml'), '--policy', 'outrigger,kpa', '--html', at('r.html'))
  t.is(code, 0)
  const elements = elementsOf(readFileSync(at('r.html'), 'utf8'))
  t.is(elements.filter(({ tag }) => tag === 'svg').length, 9)
  t.true(elements.some(({ text }) => text === 'What is to be seen.'))
  const unwritten = await simulate(at('a.yaml'), '--html', at('.'))
  t.is(unwritten.code, 1)
  t.regex(unwritten.err, /can't be written: EISDIR/)
  t.regex(unwritten.out, /^a: 1 min/, 'what was played is shown all the same')
})

test.serial("a trace is read beside its scenario's file, and handed over", async t => {
  const at = written(t, {
    'deep/a.yaml': 'traffic: { trace: { file: ../t.csv } }',
    't.csv': 'second,count\n0,3\n1,4\n',
    'torn.csv': 'second,count\n0,3\n1,many\n',
    'torn.yaml': 'traffic: { trace: { file: torn.csv } }',
    'gone.yaml': 'traffic: { trace: { file: gone.csv } }\nwrong: true',
    'huge.yaml': 'traffic: { trace: { file: huge.csv } }',
    'huge.csv': '',
  })
  truncateSync(at('huge.csv'), 2 ** 30)
  t.regex(
    (await simulate(at('huge.yaml'))).err,
    /huge\.yaml: traffic\.trace\.file huge\.csv: it is larger than 511 MiB: cut it, or count the requests of each second$/,
  )
  const { choices } = await simulate(at('deep/a.yaml'))
  t.deepEqual(choices[0]?.trace?.counts, [3, 4])
  const gone = await simulate(at('gone.yaml'))
  t.is(gone.code, 2)
  t.regex(gone.err, /gone\.yaml: traffic\.trace\.file gone\.csv: it can't be read: ENOENT/)
  t.regex(gone.err, /gone\.yaml: wrong: expected right/)
  t.regex(
    (await simulate(at('torn.yaml'))).err,
    /torn\.yaml: traffic\.trace\.file torn\.csv: line 3/,
  )
})

test.serial('every error of every file is said, and nothing is played', async t => {
  const at = written(t, {
    'good.yaml': '{}',
    'broken.yaml': 'a: 1\nb: [\n',
    'wrong.yaml': 'wrong: 1',
  })
  const { code, err, choices } = await simulate(
    ...['good', 'none', 'broken', 'wrong'].map(name => at(`${name}.yaml`)),
  )
  t.is(code, 2)
  t.deepEqual(choices, [])
  t.regex(err, /none\.yaml: it can't be read: ENOENT/)
  t.regex(err, /broken\.yaml: line \d is not YAML: /)
  t.regex(
    err,
    /wrong\.yaml: wrong: expected right, got wrong\n.*wrong\.yaml: run: expected a duration$/,
  )
})

test.serial('every error of the command line is said', async t => {
  const at = written(t, {})
  const { code, err } = await simulate(
    ...'--policy|a,,B c|--seed=-1|--repeat|0|--seconds|--html'.split('|'),
    at('no/r.html'),
  )
  t.is(code, 2)
  t.deepEqual(
    err.split('\n').map(line => line.replace(/:.*/, '')),
    ['Name a scenario', '--seconds', '--html', '--policy', '--policy', '--seed', '--repeat'],
  )
  t.false(existsSync(at('no')))
  await t.throwsAsync(simulate('--frobnicate'), { code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' })
})

test.serial('two scenarios of one name are told apart by their files', async t => {
  const at = written(t, { 'a/s.yaml': '{}', 'b/s.yaml': '{}', 'c.yaml': 'name: "x\\e[2Jy"' })
  const { out } = await simulate(at('a/s.yaml'), at('b/s.yaml'), at('c.yaml'), '--json')
  const [a, b, c] = (JSON.parse(out) as Played[]).map(({ scenario }) => scenario)
  t.deepEqual([a, b], [`s (${at('a/s.yaml')})`, `s (${at('b/s.yaml')})`])
  t.is(c, 'x [2Jy', 'nothing that moves the cursor')
})

test('a bar on a terminal, taken away at the end; elsewhere nothing', t => {
  const said: string[] = []
  const out = { columns: 60, write: (text: string) => said.push(text) > 0 }
  const bar = progressOn({ ...out, isTTY: true }, 4)
  bar.at(0, 'step kpa')
  bar.at(0, 'step kpa')
  bar.at(2.01, `step ${'kpa '.repeat(20)}`)
  bar.end()
  t.deepEqual(
    said.map(text => text.replaceAll('\x1b[K', '$')),
    [
      `\r[${'.'.repeat(24)}]   0 %  step kpa$`,
      `\r[${'#'.repeat(12)}${'.'.repeat(12)}]  50 %  step kpa kpa kpa kpa kpa $`,
      '\r$',
    ],
  )
  t.true(said.every(text => text.length < 66))
  said.length = 0
  const silent = progressOn({ ...out, isTTY: false }, 4)
  silent.at(1, 'x')
  silent.end()
  t.deepEqual(said, [])
})
