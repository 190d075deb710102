import test from 'ava'
import type { EndpointWindows, ReplicaRow } from '../../../core/model/windows.ts'
import { bypassed } from '../../../controller/kubernetes/keep/bypass.ts'
import { TrafficSeen } from '../../../controller/kubernetes/keep/traffic.ts'
import { row } from '../decide/sight.ts'
import { podOf } from './support/keep-objects.ts'

const X = 'default/model'
const QUIET = { offered: 0, ok: 0, server: 0, inFlightMilli: 0, queuedMilli: 0, ageMs: 100 }

const windows = (at: number, replicas: ReplicaRow[], endpoint = X): EndpointWindows =>
  ({ endpoint, at, replicas }) as EndpointWindows

/** Each second of a span, as the aggregator tells it. */
function seconds(seen: TrafficSeen, from: number, to: number, of: (s: number) => ReplicaRow[]) {
  for (let s = from; s < to; s++) seen.take(windows(s * 1000, of(s)))
}

const quiet = (changed: Partial<ReplicaRow> = {}): ReplicaRow => row('a', { ...QUIET, ...changed })

test('nothing is known until a sidecar was heard for five minutes', t => {
  const seen = new TrafficSeen()
  t.is(seen.of(X, 'a'), null)
  seconds(seen, 0, 280, () => [quiet()])
  t.is(seen.of(X, 'a'), null)
  seconds(seen, 280, 300, () => [quiet()])
  t.deepEqual(seen.of(X, 'a'), { offered: 0, connections: null })
  t.is(seen.of(X, 'b'), null)
  t.is(seen.of('default/other', 'a'), null)
})

test('the fewest connections of all looks count: a probe comes and goes, a client stays', t => {
  const probed = new TrafficSeen()
  seconds(probed, 0, 400, s => [quiet({ direct: s % 10 === 0 ? 1 : 0 })])
  t.is(probed.of(X, 'a')?.connections, 0)
  const used = new TrafficSeen()
  seconds(used, 0, 400, s => [quiet({ direct: 2 + (s % 3) })])
  t.is(used.of(X, 'a')?.connections, 2)
})

test('one request in five minutes is traffic; an older one is forgotten', t => {
  const seen = new TrafficSeen()
  const at = (s: number) => [quiet({ offered: s >= 100 && s < 120 ? 1 : 0 })]
  seconds(seen, 0, 390, at)
  t.is(seen.of(X, 'a')?.offered, 1)
  seconds(seen, 390, 500, at)
  t.is(seen.of(X, 'a')?.offered, 0)
})

test('requests that come from an edge are traffic, too', t => {
  for (const changed of [{ ok: 3 }, { server: 1 }, { inFlightMilli: 20 }, { queuedMilli: 1 }]) {
    const seen = new TrafficSeen()
    seconds(seen, 0, 300, () => [quiet(changed)])
    t.not(seen.of(X, 'a')?.offered, 0)
  }
})

test('one that fell silent, that is gone, or whose clock went back begins anew', t => {
  const seen = new TrafficSeen()
  seconds(seen, 0, 300, () => [quiet()])
  seen.take(windows(300_000, [quiet({ ageMs: 21_000 })]))
  t.is(seen.of(X, 'a'), null)
  seconds(seen, 301, 700, () => [quiet()])
  t.not(seen.of(X, 'a'), null)
  seen.take(windows(700_000, []))
  t.is(seen.of(X, 'a'), null)
  seconds(seen, 701, 1100, () => [quiet()])
  seen.take(windows(5000, [quiet()]))
  t.is(seen.of(X, 'a'), null)
})

test('endpoints that are gone are forgotten when a new one comes', t => {
  const seen = new TrafficSeen()
  seconds(seen, 0, 300, () => [quiet()])
  seen.take(windows(900_000, [quiet()], 'default/new'))
  t.is(seen.of(X, 'a'), null)
})

test('what is seen of it makes the finding, and only where the model works', t => {
  const seen = new TrafficSeen()
  seconds(seen, 0, 300, () => [quiet({ direct: 4 })])
  const found = (cpuMillis: number | null) =>
    bypassed(
      X,
      [podOf('a', true)],
      pod => {
        const traffic = seen.of(X, pod.metadata.name)
        return traffic === null ? null : { ...traffic, cpuMillis }
      },
      [],
      600_000,
    ).map(({ reason }) => reason)
  t.deepEqual(found(400), ['TrafficBypassesSidecar'])
  t.deepEqual(found(null), ['TrafficBypassesSidecar'])
  t.deepEqual(found(3), [])
})
