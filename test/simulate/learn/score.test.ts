import test from 'ava'
import { scoreOf, summaryOf, type Score } from '../../../simulate/learn/score.ts'
import type { Played } from '../../../simulate/result.ts'

const each = new Array<number>(100).fill(10)
const oracle = { limit: 10, good: 1000, each, rejections: 100, p95: 900 }

/** A run of 100 s with so many good answers in each. */
function run(
  good: (second: number) => number,
  limit: (second: number) => number,
  p95 = 500,
): Played {
  const each = (of: (second: number) => number): number[] =>
    Array.from({ length: 100 }, (_, i) => of(i))
  const zero = each(() => 0)
  const goods = each(good)
  const none = { p50: 0, p95: 0, p99: 0, max: 0 }
  return {
    scenario: '',
    policy: 'static',
    limiter: 'x',
    seed: 1,
    reasons: [],
    seconds: {
      offered: zero,
      answered: goods,
      good: goods,
      bad: zero,
      lost: zero,
      desired: zero,
      ready: zero,
      limit: each(limit),
      inFlight: zero,
      waiting: zero,
    },
    totals: {
      offered: 2000,
      answered: 0,
      good: goods.reduce((a, b) => a + b, 0),
      bad: 0,
      lost: 0,
      rejections: 340,
      replicaSeconds: 100,
      directionChanges: 0,
      wait: none,
      response: none,
      service: { ...none, p95 },
    },
  }
}

test('a score: goodput and 429s over the oracle, the way there, and how steady the limit is', t => {
  const score = scoreOf(
    'a',
    run(
      second => (second < 40 ? 5 : 10),
      second => (second % 2 === 0 ? 9 : 11),
    ),
    oracle,
    600,
  )
  t.is(score.ratio, 0.8)
  // Nine of ten: from second 38 on, ten seconds hold two slow ones.
  t.is(score.withinS, 38)
  t.is(score.cv, 0.1)
  // 340 and 100, with 20 of 2,000 on both sides.
  t.is(score.rejections, 3)
  t.true(score.intime)
})

test('never there, and late where the oracle is not', t => {
  const slow = (p95: number): Score =>
    scoreOf(
      'a',
      run(
        () => 5,
        () => 3,
        p95,
      ),
      { ...oracle, p95: 500 },
      600,
    )
  t.is(slow(700).withinS, null)
  t.false(slow(700).intime)
  t.true(slow(500).intime)
  t.is(slow(500).cv, 0)
})

test('a summary: ranks, mean with its error, shares', t => {
  const scores = Array.from({ length: 100 }, (_, i): Score => ({
    plant: String(i % 4),
    ratio: (i + 1) / 100,
    withinS: i < 90 ? 10 + i : null,
    cv: i,
    rejections: i < 90 ? 1 : 11,
    intime: i % 4 !== 0,
  }))
  const s = summaryOf(scores)
  t.deepEqual([s.n, s.worst, s.p01, s.p05], [100, 0.01, 0.01, 0.05])
  t.is(Math.round(s.mean * 1000), 505)
  t.is(s.within120, 0.9)
  t.is(s.medianCv, 49)
  t.is(s.intime, 0.75)
  t.deepEqual([s.rejections, s.rejectionsP95], [2, 11])
  // Four plants with means of .49, .50, .51 and .52: deviation .0129.
  t.true(Math.abs(s.error - (1.96 * 0.01291) / 2) < 0.0001)
})
