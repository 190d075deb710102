import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { parse } from 'yaml'
import { judged } from '../../cli/simulate/expect.ts'
import { scenarioFrom } from '../../simulate/scenario/read.ts'
import { playWith } from '../support/backstage.ts'
import { hands } from './hands.ts'

/** What replicas become under a fixed limit, one surge or mishap a file: each in the simulator, with what is expected. */
const here = new URL('.', import.meta.url)
const files = readdirSync(here).filter(name => name.endsWith('.yaml'))

for (const file of files) {
  const name = file.replace('.yaml', '')
  test(name, t => {
    const raw = parse(readFileSync(new URL(file, here), 'utf8')) as object
    const scenario = scenarioFrom(raw)
    const run = playWith(raw, hands[name]?.() ?? {}, scenario.seed)
    const expected = scenario.expect['outrigger']
    const outcomes = expected === undefined ? [] : judged(run, expected)
    t.true(outcomes.length > 0)
    t.deepEqual(
      outcomes.filter(({ met }) => !met).map(({ what }) => what),
      [],
      run.seconds.desired.join(' '),
    )
  })
}

test('each scenario that needs a hand is there', t => {
  for (const name of Object.keys(hands)) t.true(files.includes(`${name}.yaml`), name)
})
