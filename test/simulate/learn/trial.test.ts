import test from 'ava'
import { scoreOf, summaryOf, type Summary } from '../../../simulate/learn/score.ts'
import { attempt, oracleOf, untold, type Oracle } from '../../../simulate/learn/trial.ts'
import { catalogue, type Setting } from '../../../simulate/plants/catalogue.ts'
import { us } from '../../../simulate/words.ts'

/** A small, fixed part of what `make bench-learn` runs: docs/results.md has all. */
const SECONDS = 240
const names = ['one-core', 'eight-cores', 'contention', 'memory', 'crashes'] as const
const oracles = new Map<string, Oracle>()

function judged(limiter: string, told: boolean): Summary {
  return summaryOf(
    names.map(name => {
      const setting: Setting = catalogue[name]
      const replicas = 1
      const sweep = { seconds: SECONDS, replicas, seeds: [101] }
      const oracle = oracles.get(name) ?? oracleOf(setting, sweep)
      oracles.set(name, oracle)
      const trial = { setting, limiter, seed: 1, seconds: SECONDS, replicas, first: 5, told }
      return scoreOf(name, attempt(trial), oracle, us(setting.objective))
    }),
  )
}

test('the learner comes close to the best fixed limit, told the objective or not', t => {
  const told = judged('outrigger', true)
  t.true(told.worst >= 0.85 && told.mean >= 0.945, JSON.stringify(told))
  t.true(told.within120 === 1 && told.medianCv <= 0.12, JSON.stringify(told))
  const without = judged('outrigger', false)
  t.true(without.worst >= 0.8 && without.mean >= 0.92, JSON.stringify(without))
  const rival = judged('aimd-slow-start', true)
  t.true(told.mean >= rival.mean + 0.03, JSON.stringify(rival))
})

for (const limiter of ['frozen', 'always-min', 'always-max', 'always-double']) {
  test(`what learns nothing fails the same bench: ${limiter}`, t => {
    const { mean, worst } = judged(limiter, true)
    t.true(mean < 0.8 && worst < 0.5, `${mean} ${worst}`)
  })
}

test('several replicas share one limit, and are as good as one', t => {
  const setting: Setting = catalogue['eight-cores']
  const oracle =
    oracles.get('eight-cores') ?? oracleOf(setting, { seconds: SECONDS, replicas: 1, seeds: [101] })
  const trial = { setting, limiter: 'outrigger', seed: 1, seconds: SECONDS, first: 5, told: true }
  const { good } = attempt({ ...trial, replicas: 4 }).totals
  t.true(good / (4 * oracle.good) >= 0.92, `${good / (4 * oracle.good)}`)
})

test('without an objective the best limit is the same, and its queue as long as the learner may have it', t => {
  const setting: Setting = catalogue['one-core']
  const sweep = { seconds: SECONDS, replicas: 1, seeds: [101] }
  const told = oracles.get('one-core') ?? oracleOf(setting, sweep)
  const without = untold(setting, told, sweep)
  t.is(without.limit, told.limit)
  // It waits longer here, so the model is idle less often.
  const more = without.good / told.good
  t.true(more > 1.01 && more < 1.1, `${more}`)
})
