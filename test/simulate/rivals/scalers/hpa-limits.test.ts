import test from 'ava'
import type { Behavior } from '../../../../core/model/behavior.ts'
import { HpaLimits } from '../../../../simulate/rivals/scalers/hpa-limits.ts'

// Numbers: Kubernetes 1.36.3, pkg/controller/podautoscaler/horizontal_test.go, unless said otherwise.
const NOW = 10_000_000
const MINUTE = 60_000

/** Limits that remember recommendations: [count, minutes ago], the oldest first. */
function after(
  past: [number, number][],
  behavior: Behavior | null,
  bounds = { min: 1, max: 1000 },
): HpaLimits {
  const limits = new HpaLimits(bounds, behavior)
  for (const [i, [count, ago]] of past.entries()) {
    if (i === 0) limits.begin(count, NOW - ago * MINUTE)
    else limits.normalise(1, count, NOW - ago * MINUTE)
  }
  return limits
}

test('without a behavior: the bounds, and at most twice the count or 4 (TestConvertDesiredReplicasWithRules)', t => {
  const rows: [number, number, number, number, number][] = [
    // current, wanted, min, max, allowed
    [5, 7, 3, 8, 7],
    [3, 1, 2, 8, 2],
    [1, 0, 0, 10, 0],
    [20, 1000, 1, 10, 10],
    [3, 1000, 1, 2000, 6],
    [1, 1000, 1, 2000, 4],
  ]
  for (const [current, wanted, min, max, allowed] of rows) {
    const limits = after([[0, 20]], null, { min, max })
    t.is(limits.normalise(current, wanted, NOW), allowed, `${current} -> ${wanted}`)
  }
})

test('without a behavior: the highest of the last 5 min counts (TestNormalizeDesiredReplicas)', t => {
  const at = (past: [number, number][]): number => after(past, null).normalise(100, 3, NOW)
  t.is(
    at([
      [4, 2],
      [5, 1],
    ]),
    5,
  )
  t.is(
    at([
      [1, 2],
      [2, 1],
    ]),
    3,
  )
  t.is(
    at([
      [10, 10],
      [9, 9],
    ]),
    3,
  )
  t.is(
    at([
      [10, 10],
      [9, 9],
      [5, 2],
      [4, 1],
    ]),
    5,
  )
})

test('what there is at the first sync counts as recommended', t => {
  const limits = new HpaLimits({ min: 1, max: 100 }, null)
  t.is(limits.normalise(10, 2, NOW), 10)
  t.is(limits.normalise(10, 2, NOW + 300_000), 10)
  t.is(limits.normalise(10, 2, NOW + 301_000), 2)
})

test('with a behavior: each direction has its window (TestNormalizeDesiredReplicasWithBehavior)', t => {
  const rows: [[number, number][], number, number, number, number, number][] = [
    // past, current, wanted, window up, window down, stable
    [
      [
        [4, 2],
        [5, 1],
      ],
      100,
      3,
      0,
      180,
      5,
    ],
    [
      [
        [4, 2],
        [5, 1],
      ],
      1,
      7,
      300,
      0,
      4,
    ],
    [
      [
        [1, 2],
        [2, 1],
      ],
      100,
      3,
      300,
      0,
      3,
    ],
    [
      [
        [4, 2],
        [5, 1],
      ],
      1,
      3,
      0,
      300,
      3,
    ],
    [
      [
        [9, 3],
        [5, 2],
        [6, 1],
      ],
      1,
      100,
      300,
      0,
      5,
    ],
    [
      [
        [2, 100],
        [3, 3],
      ],
      2,
      1,
      300,
      300,
      2,
    ],
    [
      [
        [2, 100],
        [1, 3],
      ],
      2,
      3,
      300,
      300,
      2,
    ],
  ]
  const free = { policies: [{ type: 'Percent' as const, value: 100_000, periodSeconds: 1 }] }
  for (const [past, current, wanted, up, down, stable] of rows) {
    const limits = after(past, {
      scaleUp: { ...free, stabilizationWindowSeconds: up },
      scaleDown: { ...free, stabilizationWindowSeconds: down },
    })
    t.is(limits.normalise(current, wanted, NOW), stable)
  }
})

type Policy = [type: 'Pods' | 'Percent', value: number, periodSeconds: number]

interface Past {
  /** Changes of the last 2 min. */
  ups?: number[]
  downs?: number[]
  select?: 'Max' | 'Min' | 'Disabled'
}

/** One sync with these policies in either direction: current, wanted, min and max. */
function limited(
  [current, wanted, min, max]: [number, number, number, number],
  policies: Policy[],
  { ups = [], downs = [], select = 'Max' }: Past = {},
): number {
  const rules = {
    stabilizationWindowSeconds: 0,
    selectPolicy: select,
    policies: policies.map(([type, value, periodSeconds]) => ({ type, value, periodSeconds })),
  }
  const limits = new HpaLimits({ min, max }, { scaleUp: rules, scaleDown: rules })
  for (const by of ups) limits.changed(0, by, NOW - MINUTE)
  for (const by of downs) limits.changed(by, 0, NOW - MINUTE)
  return limits.normalise(current, wanted, NOW)
}

test('policies bound one sync (TestScalingWithRules)', t => {
  t.is(limited([3, 1000, 1, 2000], [['Percent', 1, 60]]), 4)
  t.is(
    limited(
      [10, 500, 1, 1000],
      [
        ['Pods', 100, 60],
        ['Percent', 100, 60],
      ],
    ),
    110,
  )
  t.is(
    limited(
      [10, 500, 1, 1000],
      [
        ['Pods', 2, 60],
        ['Percent', 100, 60],
      ],
    ),
    20,
  )
  t.is(limited([10, 50, 1, 1000], [['Pods', 30, 60]]), 40)
  t.is(limited([10, 50, 1, 1000], [['Percent', 200, 60]]), 30)
  t.is(
    limited(
      [100, 2, 1, 1000],
      [
        ['Pods', 20, 60],
        ['Percent', 1, 60],
      ],
    ),
    80,
  )
  t.is(
    limited(
      [100, 2, 1, 1000],
      [
        ['Pods', 2, 60],
        ['Percent', 1, 60],
      ],
    ),
    98,
  )
  t.is(limited([10, 2, 5, 1000], [['Percent', 100, 60]]), 5)
  t.is(limited([10, 0, 1, 1000], [['Pods', 100, 60]]), 1)
  t.is(limited([10, 2, 1, 1000], [['Pods', 5, 60]]), 5)
})

test('half of 5 may go: three, for what is left is rounded down', t => {
  t.is(limited([5, 0, 1, 1000], [['Percent', 50, 60]]), 2)
})

test('what changed in the period counts (TestScalingWithRules)', t => {
  const ups = [1, 5, 9]
  t.is(limited([100, 500, 1, 1000], [['Pods', 150, 120]], { ups }), 235)
  t.is(limited([100, 500, 1, 1000], [['Percent', 200, 120]], { ups }), 255)
  t.is(limited([100, 500, 1, 1000], [['Pods', 5, 120]], { ups }), 100)
  t.is(limited([100, 500, 1, 200], [['Pods', 300, 60]], { ups }), 200)
  t.is(limited([6, 24, 1, 1000], [['Percent', 300, 300]], { ups: [4], downs: [2] }), 16)
  t.is(limited([100, 2, 1, 1000], [['Pods', 5, 120]], { downs: ups }), 100)
  t.is(limited([100, 0, 1, 1000], [['Percent', 50, 120]], { downs: [2, 4, 6] }), 56)
  t.is(limited([10, 1, 1, 1000], [['Percent', 50, 180]], { ups: [2], downs: [4] }), 6)
  t.is(limited([100, 0, 1, 1000], [['Percent', 10, 120]], { downs: [10, 10, 10] }), 100)
})

test('Min takes the smallest change, Disabled none (TestCalculateScale{Up,Down}Limit...)', t => {
  const policies: Policy[] = [
    ['Pods', 2, 60],
    ['Percent', 50, 60],
  ]
  t.is(limited([1, 100, 1, 1000], policies, { select: 'Min' }), 2)
  t.is(limited([5, 1, 1, 1000], policies, { select: 'Min' }), 3)
  t.is(limited([5, 100, 1, 1000], policies, { select: 'Disabled' }), 5)
  t.is(limited([5, 1, 1, 1000], policies, { select: 'Disabled' }), 5)
})

// pkg/apis/autoscaling/v2/defaults.go
test('an empty behavior has the documented defaults: 4 pods or 100 % in 15 s up, 300 s down', t => {
  const limits = new HpaLimits({ min: 1, max: 1000 }, { scaleUp: {}, scaleDown: {} })
  t.is(limits.normalise(1, 50, NOW), 5)
  t.is(limits.normalise(10, 50, NOW), 20)
  limits.changed(10, 20, NOW)
  t.is(limits.normalise(20, 50, NOW + 14_000), 20)
  t.is(limits.normalise(20, 50, NOW + 15_000), 40)
  t.is(limits.normalise(40, 3, NOW + 20_000), 40)
})
