import test from 'ava'
import { byBurst, byDemand, needOf } from '../../../controller/decide/rules/demand.ts'
import {
  byCpu,
  byEngineQueue,
  byKvCache,
  byMemory,
  byQueueWait,
} from '../../../controller/decide/rules/guards.ts'
import { lasting, wants } from '../../../controller/decide/rules/rules.ts'
import { inputs, NOW, replicas, sight, summary, windows } from './sight.ts'

test('demand: arrivals x service time, and headroom for its noise, over the limit', t => {
  // 10/s x 0.2 s = 2 at once; headroom 2 x sqrt(2); by 4.
  const want = byDemand(sight())
  t.is(want?.needMilli, 1208)
  t.is(want?.numbers['demandMilli'], 2000)
})

test('headroom grows as the root of demand: at 64 the target is met exactly', t => {
  const of = (demandMilli: number, target: number, limit = 4, desired = 0) =>
    needOf(
      demandMilli,
      sight({
        inputs: { replicas: replicas(desired) },
        settings: { 'target-utilization': target },
        limit: { limit },
      }),
    )
  t.is(of(64_000, 800), 20_000)
  t.is(of(64_000, 500, 1), 128_000)
  t.is(of(3_600_000, 800), 930_000)
  t.is(of(100_000, 1000), 25_000)
  t.is(of(0, 800), 0)
})

test('what there is, is kept until a third of the headroom is used up', t => {
  const at = (demandMilli: number) =>
    needOf(demandMilli, sight({ inputs: { replicas: replicas(11) } }))
  // 36 + 1.4 x sqrt(36) = 44.4, 35.5 + 1.4 x sqrt(35.5) = 43.8: of 44 slots.
  t.is(at(36_000), 12_000)
  t.is(at(35_500), 11_000)
  t.is(at(30_000), 10_239)
})

test('demand: the backlog never asks for more than arrivals do', t => {
  const held = windows({ heldMilli: 4_000_000 })
  t.is(byDemand(sight({ inputs: { windows: held } }))?.numbers['demandMilli'], 4000)
})

test('demand: requests in flight where they are more than arrivals explain', t => {
  const want = byDemand(sight({ inputs: { windows: windows({ inFlightMilli: 16_000 }) } }))
  t.is(want?.needMilli, 6000)
})

test('demand: the backlog counts as the work to drain it in one start-up time', t => {
  // 100 held x 0.2 s / 20 s = 1 at once more.
  const want = byDemand(sight({ inputs: { windows: windows({ heldMilli: 100_000 }) } }))
  t.is(want?.numbers['demandMilli'], 3000)
})

test('demand: the backlog of long requests is never more than the requests themselves', t => {
  const long = windows({ heldMilli: 10_000, serviceSum: 200 * 60_000_000 })
  const want = byDemand(sight({ inputs: { windows: long } }))
  t.is(want?.numbers['demandMilli'], 600_000 + 10_000)
})

test('demand: nothing known of service time leaves the requests present', t => {
  const none = windows({
    serviceCount: 0,
    serviceSum: 0,
    ok: 0,
    inFlightMilli: 8000,
    heldMilli: 8000,
  })
  t.is(byDemand(sight({ inputs: { windows: none } }))?.needMilli, 6000)
})

test('demand: fast failures leave service time as it was learned', t => {
  const failing = windows({ serviceCount: 0, serviceSum: 0, ok: 0, server: 200, inFlightMilli: 10 })
  const want = byDemand(sight({ inputs: { windows: failing }, limit: { serviceUs: 200_000 } }))
  t.is(want?.needMilli, 1208)
})

test('demand: service time counts at most twice that of calmer times', t => {
  const slow = windows({ serviceSum: 200 * 2_000_000 })
  const want = byDemand(sight({ inputs: { windows: slow }, state: { calmUs: 200_000 } }))
  t.is(want?.numbers['demandMilli'], 4000)
})

for (const [what, futile, offeredMilli, weighed] of [
  ['no overload is known: all', { rejected: 900 }, null, 1000],
  ['an overload that began with 60/s: up to that', { rejected: 900 }, 60_000, 1000],
  ['an overload that began with 30/s', { rejected: 900 }, 30_000, 600],
  [
    'those whose clients gave up are as those turned away',
    { abandoned: 900, heldMilli: 1000 },
    30_000,
    600,
  ],
  ['twice what no retry explains', { rejected: 600 }, 30_000, 800],
] as const) {
  test(`demand: arrivals that may be retries weigh within bounds, ${what}`, t => {
    const overload = offeredMilli === null ? null : { since: 0, offeredMilli }
    const seen = windows({ offered: 1000, ...futile })
    const want = byDemand(sight({ inputs: { windows: seen }, state: { overload } }))
    t.is(want?.numbers['weighed'], weighed)
  })
}

test('demand: what retries ask for does not last', t => {
  const of = (futile: object, overload: { since: number; offeredMilli: number } | null) =>
    byDemand(
      sight({ inputs: { windows: windows({ offered: 1000, ...futile }) }, state: { overload } }),
    )
  const onset = { since: 0, offeredMilli: 60_000 }
  // 50/s x 0.2 s and headroom, of which four replicas have most; 20/s when the 30/s that came to nothing are not sent again.
  t.is(of({ rejected: 600 }, null)?.lastingMilli, 4000)
  t.is(of({ rejected: 600 }, onset)?.needMilli, 4000)
  t.is(of({ rejected: 600 }, onset)?.lastingMilli, 2000)
  t.is(of({ rejected: 1000 }, onset)?.lastingMilli, 1208, 'what is in flight')
})

test('demand: what drains after an overload is in flight, and no demand', t => {
  const at = (heldMilli: number) => {
    const draining = windows({ inFlightMilli: 16_000, heldMilli })
    const overload = { since: 0, offeredMilli: 10_000 }
    return byDemand(sight({ inputs: { windows: draining }, state: { overload } }))
  }
  t.is(at(100_000)?.numbers['demandMilli'], 3000)
  t.is(at(0)?.numbers['demandMilli'], 16_000, 'nothing waits any more')
})

test('burst: silent in the noise, loud above it', t => {
  const calm = { '3': summary(3, { offered: 40 }), '20': summary(20) }
  t.is(byBurst(sight({ inputs: { windows: calm } })), null)
  const burst = { '3': summary(3, { offered: 300 }), '20': summary(20, { offered: 470 }) }
  // 100/s x 0.2 s, headroom 2 x sqrt(20), by 4
  t.is(byBurst(sight({ inputs: { windows: burst } }))?.needMilli, 7237)
})

test('burst: the newest second counts for all three, as far as it is no chance', t => {
  const jump = { '3': summary(3, { offered: 130 }), '20': summary(20, { offered: 300 }) }
  const at = (newest: number) =>
    byBurst(sight({ inputs: { windows: jump, offeredPerSecond: [10, 20, newest] } }))?.numbers[
      'demandMilli'
    ]
  // 100 less 3 x sqrt(100), x 0.2 s; else 130 / 3 x 0.2 s.
  t.is(at(100), 14_000)
  t.is(at(60), 8667)
})

test('burst: more requests present than slots and their noise', t => {
  // 16 slots, and 3 x sqrt(16 x 0.2 s / 3 s) = 3.1.
  const at = (inFlightMilli: number) =>
    byBurst(
      sight({ inputs: { windows: { '3': summary(3, { inFlightMilli }), '20': summary(20) } } }),
    )
  t.is(at(19_000), null)
  t.is(at(20_000)?.needMilli, 7237)
})

test('cpu: proportional both ways, silent when idle', t => {
  const at = (cpuPermille: number | null) =>
    byCpu(sight({ inputs: { windows: windows({ cpuPermille }) } }))?.needMilli
  t.is(at(1000), 4444)
  t.is(at(450), 2000)
  t.is(at(970), 4000, 'within the tolerance')
  t.is(at(50), undefined)
  t.is(at(null), undefined)
})

test('memory and kv: above their target only, and while replicas help', t => {
  const full = { windows: windows({ memoryPermille: 995, kvPermille: 940 }) }
  const note = { ready: 4, use: 990, grownAt: null, futile: false }
  t.is(byMemory(sight({ inputs: full, state: { guards: { memory: note } } }))?.needMilli, 4424)
  t.is(byKvCache(sight({ inputs: full, state: { guards: { kv: note } } }))?.needMilli, 4424)
  const noise = { windows: windows({ memoryPermille: 990 }) }
  t.is(byMemory(sight({ inputs: noise, state: { guards: { memory: note } } }))?.needMilli, 4000)
  const futile = { ...note, futile: true }
  t.is(byMemory(sight({ inputs: full, state: { guards: { memory: futile } } })), null)
  const grown = { ...note, ready: 3 }
  t.is(byMemory(sight({ inputs: full, state: { guards: { memory: grown } } })), null)
})

test('engine queue: by the share of the limit that waits in the engine', t => {
  const waiting = { windows: windows({ engineWaiting: 2 }) }
  const note = { ready: 4, use: 2, grownAt: null, futile: false }
  const want = byEngineQueue(
    sight({ inputs: waiting, state: { guards: { 'engine-queue': note } } }),
  )
  t.is(want?.needMilli, 6000)
  t.is(want?.numbers['waiting'], 2)
})

test('queue wait: both just now and over 20 s, above half the deadline', t => {
  t.is(byQueueWait(sight({ inputs: { windows: windows({ waitP95: 250_000 }) } }))?.needMilli, 5000)
  const over = { '3': summary(3), '20': summary(20, { waitP95: 250_000 }) }
  t.is(byQueueWait(sight({ inputs: { windows: over } })), null)
})

test('what a backlog keeps busy does not last: the window remembers what is left when it is gone', t => {
  const busy = windows({ inFlightMilli: 16_000, heldMilli: 100_000, cpuPermille: 1000 })
  const seen = sight({ inputs: { windows: busy } })
  const demand = byDemand(seen)
  // 16 in flight and 1 more to drain it; 2 at once when it is gone.
  t.is(demand?.numbers['demandMilli'], 17_000)
  t.is(demand?.lastingMilli, 1208)
  t.is(byCpu(seen)?.lastingMilli, 0)
  t.is(
    byCpu(sight({ inputs: { windows: windows({ cpuPermille: 1000 }) } }))?.lastingMilli,
    undefined,
  )
  t.is(lasting(wants(seen)), 1208)
})

test('queue wait: not of before a limit rose', t => {
  const waits = { windows: windows({ waitP95: 250_000 }) }
  t.is(byQueueWait(sight({ inputs: waits, state: { raisedAt: NOW - 19_000 } })), null)
  t.is(byQueueWait(sight({ inputs: waits, state: { raisedAt: NOW - 20_000 } }))?.needMilli, 5000)
})

test('activate: held and none ready; nothing else needs a window', t => {
  const asked = inputs({ replicas: replicas(0), windows: null, windowAgeMs: null, activate: true })
  t.deepEqual(
    wants(sight({ inputs: asked })).map(want => [want.rule, want.needMilli]),
    [['activate', 1000]],
  )
  t.deepEqual(wants(sight({ inputs: { ...asked, replicas: replicas(1) } })), [])
})
