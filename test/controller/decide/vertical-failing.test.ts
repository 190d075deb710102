import test from 'ava'
import type { LimitState } from '../../../controller/decide/vertical.ts'
import { attempt } from '../../../simulate/learn/trial.ts'
import {
  arms,
  begun,
  codes,
  comparing,
  decided,
  fold,
  given,
  seen,
  T0,
} from '../../support/limit-cases.ts'

test('a raise after which most answers are errors goes back, and is not tried again for a while', t => {
  const raised: LimitState = {
    ...decided(begun(given), seen([fold(1, 'none', 0, 3, 40, 100, 4)]), given, T0 + 4000).state,
  }
  const dies = { ...fold(2, 'none', 0, 3, 1, 100, raised.limit), server: 20 }
  const v = decided(raised, seen([dies]), given, T0 + 8000)
  t.deepEqual([v.outcome.to, v.state.phase, v.state.bad?.limit], [4, 'steady', raised.limit])
  const failing = { ...fold(7, 'b', 1, 2, 1, 100, 25), server: 40 }
  const both = arms([100, 200, 20], [125, 200, 25]).map(f =>
    f.arm === 'b' ? { ...failing, slot: f.slot } : f,
  )
  const probed = decided(comparing(20, 25), seen(both), given, T0 + 30_000)
  t.deepEqual([codes(probed)[0], probed.state.bad?.limit], ['probe-tripped', 25])
})

test('most answers are errors under the first limit: half of it, as it may be what the model dies of', t => {
  const dies = (n: number, limit: number) =>
    seen([{ ...fold(n, 'none', 0, 3, 1, 100, limit), server: 20 }])
  const two = decided(begun(given), dies(1, 4), given, T0 + 4000)
  t.deepEqual([codes(two), two.outcome.to, two.state.phase], [['failing'], 2, 'cold'])
  const one = decided(two.state, dies(2, 2), given, T0 + 8000)
  t.is(one.outcome.to, 1)
  t.false(codes(decided(one.state, dies(3, 1), given, T0 + 12_000)).includes('failing'))
  const least = { ...given, 'limit-min': 4 }
  t.false(codes(decided(begun(least), dies(1, 4), least, T0 + 4000)).includes('failing'))
})

test('a model that four at once kill, each time that it is up, serves with fewer', t => {
  const plant = {
    model: { kind: 'cores', cores: 1, work: { mean: '20ms', spread: 'exponential' } },
    memory: { limit: 1174, base: 1024, each: 50 },
  } as const
  const traffic = { constant: { rate: 60 } }
  const setting = { about: '', plant, traffic, objective: '400ms', cpu: true }
  const trial = { setting, seed: 1, seconds: 120, replicas: 1, told: true, first: 4 }
  const best = attempt({ ...trial, limiter: 'fixed-3' }).totals.good
  const { good } = attempt({ ...trial, limiter: 'outrigger' }).totals
  t.true(good > 0.6 * best, `${good} of ${best}`)
})
