import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { command } from '../../cli/simulate.ts'
import { exit } from '../../cli/exit.ts'
import { policies } from '../../simulate/rivals/index.ts'
import { limiters } from '../../simulate/rivals/limiters/index.ts'
import type { Played } from '../../simulate/result.ts'
import { folder } from '../controller/support/folder.ts'
import { elementsOf } from './simulate/support/xml.ts'
import { ran } from './support/run.ts'

/** The command with the real simulator. */
const scenario = `
name: two minutes
plant: { model: { kind: cores, cores: 1, work: { mean: 100ms } } }
traffic: { trace: { file: counts.csv } }
run: 2m
policies: [outrigger, kpa]
expect: { bad: [0, 1], replicasBetween: [100, 200] }
`

test.serial('a scenario is played under its policies, the same each time, and drawn', async t => {
  const dir = folder(t)
  const file = join(dir, 'a.yaml')
  writeFileSync(file, scenario)
  const counts = Array.from({ length: 120 }, (_, second) => `${second},${second < 60 ? 4 : 20}`)
  writeFileSync(join(dir, 'counts.csv'), `second,count\n${counts.join('\n')}\n`)
  const html = join(dir, 'r.html')
  const [first, again] = [
    await ran(command, file, '--json', '--seconds', '--html', html),
    await ran(command, file, '--json', '--seconds'),
  ]
  t.is(first.code, exit.failed.code, 'no run has a hundred replicas')
  t.is(first.out, again.out)
  const runs = JSON.parse(first.out) as Played[]
  t.deepEqual(
    runs.map(({ scenario: name, policy, seed }) => [name, policy, seed]),
    [
      ['two minutes', 'outrigger', 1],
      ['two minutes', 'kpa', 1],
    ],
  )
  for (const { seconds, totals } of runs) {
    t.is(totals.offered, 60 * 4 + 60 * 20)
    t.is(seconds.offered.length, 120)
  }
  const elements = elementsOf(readFileSync(html, 'utf8'))
  t.is(elements.filter(({ tag }) => tag === 'svg').length, 1 + 2 * 4)
})

test.serial('names that the simulator does not know', async t => {
  const file = join(folder(t), 'a.yaml')
  writeFileSync(file, scenario.replace(/traffic.*/, 'traffic: { constant: { rate: 1 } }'))
  const { code, err } = await ran(
    command,
    file,
    '--policy',
    'kpa,outriger',
    '--limiter',
    'netflix-vega',
  )
  t.is(code, exit.badInput.code)
  t.regex(
    err,
    /^two minutes: no policy outriger: expected one of outrigger, .*did you mean outrigger\?\n/,
  )
  t.regex(
    err,
    /\ntwo minutes: no limiter netflix-vega: expected one of outrigger, fixed-N, .*, did you mean netflix-vegas\?$/,
  )
})

test('--help names every policy and limiter', t => {
  const words = new Set(command.usage.match(/[\w-]+/g))
  const names = ['fixed-N', ...Object.keys(policies), ...Object.keys(limiters)]
  t.deepEqual(
    names.filter(name => !words.has(name)),
    [],
  )
})
