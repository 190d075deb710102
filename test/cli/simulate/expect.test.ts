import test from 'ava'
import { judged } from '../../../cli/simulate/expect.ts'
import { made } from './support/made.ts'

test('each expectation is met or missed, and said with what was got', t => {
  const run = made({ seed: 3 })
  const outcomes = judged(run, {
    bad: [0, 0.01],
    lost: [0, 0.01],
    goodput: [0.9, 1],
    meanReplicas: [1, 2],
    directionChanges: [0, 1],
    replicasAt: [
      { second: 29, range: [1, 1] },
      { second: 30, range: [1, 1] },
    ],
    replicasBetween: [1, 9],
    firstUpAt: [30, 31],
  })
  t.deepEqual(
    outcomes.map(({ met, what }) => `${met ? 'met' : 'missed'} ${what}`),
    [
      'missed share of bad requests: expected 0 to 0.01, got 0.0152',
      'met share of lost requests: expected 0 to 0.01, got 0.00758',
      'met share of good answers: expected 0.9 to 1, got 0.932',
      'missed mean replicas: expected 1 to 2, got 5.5',
      'met changes of direction: expected 0 to 1, got 1',
      'met replicas at 29 s: expected 1 to 1, got 1',
      'missed replicas at 30 s: expected 1 to 1, got 10',
      'met fewest replicas: expected 1 to 9, got 1',
      'missed most replicas: expected 1 to 9, got 10',
      'met first scaled up at, s: expected 30 to 31, got 30',
    ],
  )
  t.like(outcomes[0], { scenario: 'step', policy: 'outrigger', seed: 3 })
})

test('what never happened is missed; reasons are those that any decision gave', t => {
  const run = made({ reasons: ['demand', 'steady'], seconds: { desired: [2, 2, 1] } })
  const expect = {
    replicasAt: [],
    firstUpAt: [0, 5] as [number, number],
    reasons: ['demand' as const, 'burst' as const],
    notReasons: ['steady' as const, 'errors' as const],
  }
  t.deepEqual(
    judged(run, expect).map(({ met, what }) => [met, what]),
    [
      [false, 'first scaled up at, s: expected 0 to 5, got never'],
      [true, 'says demand'],
      [false, 'says burst'],
      [false, 'never says steady'],
      [true, 'never says errors'],
    ],
  )
  t.deepEqual(judged(run, { replicasAt: [] }), [])
})
