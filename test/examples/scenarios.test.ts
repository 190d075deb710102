import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { judged } from '../../cli/simulate/expect.ts'
import { readScenarios } from '../../cli/simulate/files.ts'
import { play } from '../../simulate/run.ts'
import { scenarioFrom } from '../../simulate/scenario/read.ts'

const FOLDER = join(import.meta.dirname, '../../examples/scenarios')
const files = readdirSync(FOLDER).map(name => join(FOLDER, name))
const engine = { scenarioFrom, play, unknownPolicy: () => null, unknownLimiter: () => null }
const { scenarios, errors } = readScenarios(files, engine)

test('there are scenarios, all can be read, and each compares and expects something', t => {
  t.deepEqual(errors, [])
  t.true(scenarios.length >= 5)
  for (const { name, scenario } of scenarios) {
    t.true(scenario.about !== null, name)
    t.true(scenario.policies.length > 1, name)
    t.deepEqual(Object.keys(scenario.expect), ['outrigger'], name)
  }
})

for (const { name, scenario, trace } of scenarios) {
  test(`${name}: with seed 1 all is as expected of outrigger`, t => {
    const choice = { policy: 'outrigger', limiter: 'outrigger', seed: 1 }
    const run = play(scenario, { ...choice, ...(trace === undefined ? {} : { trace }) })
    const { outrigger } = scenario.expect
    const outcomes = outrigger === undefined ? [] : judged(run, outrigger)
    t.true(outcomes.length > 0)
    t.deepEqual(
      outcomes.filter(({ met }) => !met),
      [],
    )
  })
}
