import test from 'ava'
import { Hpa } from '../../../../simulate/rivals/scalers/hpa.ts'
import {
  ConcurrencyMetric,
  CpuMetric,
  ExternalMetric,
} from '../../../../simulate/rivals/scalers/hpa-metrics.ts'
import type { PodSecond } from '../../../../simulate/rivals/scalers/scaler.ts'
import { pod, pods, seen } from './seen.ts'

const TENTH = { up: 0.1, down: 0.1 }

/** Use of cores x 1000 for a second, of one core. */
const cpu = (milli: number): { us: number; quota: number } => ({ us: milli * 1000, quota: 1000 })

test('a count comes at a sync, each 15 s, and only when it changes', t => {
  const hpa = new Hpa({ min: 1, max: 100, metric: new CpuMetric(80) })
  const asked: number[] = []
  let desired = 1
  for (let s = 1; s <= 120; s++) {
    const to = hpa.second(seen(s * 1000, pods(desired, { cpu: cpu(1000) }), { desired }))
    if (to === null) continue
    asked.push(s, to)
    desired = to
  }
  // 100 % against 80 %: 1 -> ceil(1.25) = 2 -> ceil(2.5) = 3. Use needs two readings that were fetched: those
  // of 20 s and 30 s, at 22 s and 37 s. The second pod is measured first at 50 s and 60 s; until 67 s it is
  // missing, and who is missing is unused on the way up: 125 % becomes 62 %, the way would turn, nothing is done.
  t.deepEqual(asked.slice(0, 4), [45, 2, 75, 3])
})

// kubernetes/kubernetes issue 110317: 27.5 s in the mean, 55 s at worst.
test('half of a change of load is acted on 27.5 s later in the mean, all of it within 55 s', t => {
  const halves: number[] = []
  const wholes: number[] = []
  for (let start = 300; start < 330; start++) {
    const hpa = new Hpa({ min: 1, max: 100, metric: new CpuMetric(50) })
    const asked: [after: number, count: number][] = []
    for (let s = 1; s < 420; s++) {
      const load = cpu(s > start ? 1000 : 500)
      const to = hpa.second(seen(s * 1000, pods(10, { cpu: load }), { desired: 10 }))
      if (to !== null) asked.push([s - start, to])
    }
    halves.push(asked.find(([, count]) => count >= 15)?.[0] ?? Infinity)
    wholes.push(asked.find(([, count]) => count === 20)?.[0] ?? Infinity)
  }
  const mean = halves.reduce((sum, s) => sum + s, 0) / halves.length
  t.true(Math.abs(mean - 27.5) <= 2, String(mean))
  t.true(Math.max(...wholes) <= 55)
})

test('who starts counts as unused on the way up, and is left out on the way down', t => {
  const metric = new CpuMetric(50)
  const old = pods(2, { cpu: cpu(1000) })
  const starts = pod({ name: 'new', createdMs: 0, readyMs: null, cpu: null })
  for (let s = 1; s <= 60; s++) metric.second(seen(s * 1000, old))
  t.is(metric.replicas(seen(60_000, old), TENTH), 4)
  // A request nobody knows yet is 0: the pod is counted, its request is not.
  const request = { ...starts, cpu: { us: 0, quota: 1000 } }
  t.is(metric.replicas(seen(60_000, [...old, request, { ...request, name: 'b' }]), TENTH), 4)
  t.is(metric.replicas(seen(60_000, [...old, request]), TENTH), 4)
})

test('a young pod counts once it was ready for a whole window; before, as unready', t => {
  const metric = new CpuMetric(50)
  const used: PodSecond[] = pods(2, { cpu: cpu(1000) })
  const young = pod({ name: 'y', createdMs: 0, readyMs: 40_000, cpu: cpu(1000) })
  const at = (s: number): number | null => metric.replicas(seen(s * 1000, [...used, young]), TENTH)
  for (let s = 1; s <= 45; s++) metric.second(seen(s * 1000, [...used, young]))
  // Fetched at 37 s was the reading of 30 s: 200 % of 2 pods and nothing of the young, 133 % of 3: 4.
  t.is(at(45), 4)
  for (let s = 46; s <= 60; s++) metric.second(seen(s * 1000, [...used, young]))
  // Fetched at 52 s was the reading of 50 s, over 20 s, half of which it was not ready.
  t.is(at(60), 4)
  for (let s = 61; s <= 67; s++) metric.second(seen(s * 1000, [...used, young]))
  // Fetched at 67 s was the reading of 60 s, over the 10 s since 50 s: 200 % of 3.
  t.is(at(67), 6)
})

test('no CPU to be seen: nothing is asked for', t => {
  const hpa = new Hpa({ min: 1, max: 10, metric: new CpuMetric(80) })
  for (let s = 1; s <= 60; s++) t.is(hpa.second(seen(s * 1000, pods(2))), null)
})

// replica_calculator_test.go: ScaleUpCM, ScaleUpCMUnreadyHotCpuNoLessScale, ScaleDownCM, ToleranceCM,
// DuringRollingUpdateWithMaxSurgeCM.
test('requests in a pod against a mean value', t => {
  const ask = (current: number, levels: (number | null)[], target: number): number | null => {
    const metric = new ConcurrencyMetric(target)
    const there = levels.map((level, i) =>
      pod({ name: `p${i}`, presentIntegral: (level ?? 0) * 1_000_000 }),
    )
    for (let s = 1; s <= 7; s++) {
      metric.second(
        seen(
          s * 1000,
          there.filter((_, i) => levels[i] !== null),
        ),
      )
    }
    return metric.replicas(seen(15_000, there, { desired: current }), TENTH)
  }
  t.is(ask(3, [20, 10, 30], 15), 4)
  t.is(ask(3, [50, 10, 30], 15), 6)
  t.is(ask(5, [12, 12, 12, 12, 12], 20), 3)
  t.is(ask(3, [20, 21, 21], 20), 3)
  t.is(ask(2, [10, 10, null], 17), 2)
})

test('a pod is measured by its mean since the last scrape', t => {
  const metric = new ConcurrencyMetric(1)
  for (let s = 1; s <= 22; s++) {
    metric.second(seen(s * 1000, [pod({ presentIntegral: s > 7 && s <= 10 ? 10_000_000 : 0 })]))
  }
  // 30 request-seconds in 15 s.
  t.is(metric.replicas(seen(30_000, [pod()]), TENTH), 2)
})

// replica_calculator_test.go: ScaleUpPerPodCMExternal, ScaleDownPerPodCMExternal.
test('one number for all pods', t => {
  const ask = (count: number, value: number, target: number): number | null => {
    const metric = new ExternalMetric(target, () => value)
    metric.second(seen(0, []))
    return metric.replicas(seen(0, pods(count)), TENTH)
  }
  t.is(ask(3, 8.6, 2.15), 4)
  t.is(ask(5, 8.6, 2.867), 3)
  t.is(ask(5, 10.5, 2), 5)
})

test('at zero it keeps out; outside of its bounds it goes there first', t => {
  const metric = new ExternalMetric(1, () => 50)
  const at = (desired: number): number | null =>
    new Hpa({ min: 2, max: 5, metric }).second(seen(15_000, pods(desired), { desired }))
  t.is(at(0), null)
  t.is(at(1), 2)
  t.is(at(7), 5)
})
