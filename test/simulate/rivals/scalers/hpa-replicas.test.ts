import test from 'ava'
import { propose, within } from '../../../../simulate/rivals/scalers/hpa-replicas.ts'

// Numbers: Kubernetes 1.36.3, pkg/controller/podautoscaler/replica_calculator_test.go; the names are theirs.
const TENTH = { up: 0.1, down: 0.1 }

interface Case {
  name: string
  current: number
  /** Use in cores x 1000; a pod requests 1000 unless `requests` says otherwise. */
  used: number[]
  requests?: number[]
  missing?: number[]
  unready?: number[]
  target: number
  want: number
}

const CPU: Case[] = [
  { name: 'ScaleUp', current: 3, used: [300, 500, 700], target: 30, want: 5 },
  {
    name: 'ScaleUpUnreadyLessScale',
    current: 3,
    used: [500, 700],
    unready: [1000],
    target: 30,
    want: 4,
  },
  {
    name: 'ScaleUpUnreadyNoScale',
    current: 3,
    used: [400],
    unready: [1000, 1000],
    target: 30,
    want: 3,
  },
  { name: 'ScaleDown', current: 5, used: [100, 300, 500, 250, 250], target: 50, want: 3 },
  {
    name: 'ScaleDownExcludeUnreadyPods',
    current: 5,
    used: [100, 300, 500],
    unready: [1000, 1000],
    target: 50,
    want: 2,
  },
  {
    name: 'Tolerance',
    current: 3,
    used: [1010, 1030, 1020],
    requests: [900, 1000, 1100],
    target: 100,
    want: 3,
  },
  {
    name: 'MissingMetrics',
    current: 4,
    used: [400, 95],
    missing: [1000, 1000],
    target: 100,
    want: 3,
  },
  { name: 'MissingNoChangeEq', current: 2, used: [1000], missing: [1000], target: 100, want: 2 },
  { name: 'MissingNoChangeGt', current: 2, used: [1900], missing: [1000], target: 100, want: 2 },
  { name: 'MissingNoChangeLt', current: 2, used: [600], missing: [1000], target: 100, want: 2 },
  {
    name: 'MissingUnreadyChange',
    current: 3,
    used: [450],
    missing: [1000],
    unready: [1000],
    target: 50,
    want: 3,
  },
  {
    name: 'MissingUnreadyScaleUp',
    current: 3,
    used: [2000],
    missing: [1000],
    unready: [1000],
    target: 50,
    want: 4,
  },
  {
    name: 'MissingUnreadyScaleDown',
    current: 4,
    used: [100, 100],
    missing: [1000],
    unready: [1000],
    target: 50,
    want: 3,
  },
  {
    name: 'MissingScaleDownTargetOver100',
    current: 4,
    used: [100, 100],
    requests: [1000, 2000],
    missing: [2000],
    unready: [1000],
    target: 300,
    want: 2,
  },
  {
    name: 'DuringRollingUpdateWithMaxSurge',
    current: 2,
    used: [100, 100],
    missing: [1000],
    target: 50,
    want: 2,
  },
]

for (const { name, current, used, requests, missing, unready, target, want } of CPU) {
  test(`as in Kubernetes' own test: ${name}`, t => {
    const levels = {
      used: used.map((value, i) => ({ value, request: requests?.[i] ?? 1000 })),
      missing: missing ?? [],
      unready: unready ?? [],
      fallback: Math.max(100, target),
    }
    const ratio = (use: number, of: number): number => Math.floor((use * 100) / of) / target
    t.is(propose(current, levels, TENTH, ratio), want)
  })
}

test('on the way down who is unready is left out', t => {
  // Of three pods 56 % is above the target of 50 %; of four it would be 42 %.
  const used = [350, 350].map(value => ({ value, request: 1000 }))
  const levels = { used, missing: [1000], unready: [1000], fallback: 100 }
  t.is(
    propose(5, levels, TENTH, (use, of) => Math.floor((use * 100) / of) / 50),
    5,
  )
})

// The documentation's example (Horizontal Pod Autoscaling, "Algorithm details").
test('200m against a target of 100m doubles, 50m halves, 110m is within the tolerance', t => {
  const at = (value: number): number | null =>
    propose(
      4,
      {
        used: Array.from({ length: 4 }, () => ({ value, request: 1000 })),
        missing: [],
        unready: [],
        fallback: 100,
      },
      TENTH,
      use => use / 4 / 100,
    )
  t.is(at(200), 8)
  t.is(at(50), 2)
  t.is(at(110), 4)
  t.is(at(111), 5)
  t.is(at(90), 4)
})

test('up and down have their own tolerance', t => {
  t.true(within(1.2, { up: 0.2, down: 0 }))
  t.false(within(0.99, { up: 0.2, down: 0 }))
})

test('without a metric of any pod nothing is asked for', t => {
  const none = { used: [], missing: [1000], unready: [1000], fallback: 100 }
  t.is(
    propose(2, none, TENTH, () => 5),
    null,
  )
})
