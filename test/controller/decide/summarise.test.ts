import test from 'ava'
import { inputs as schema } from '../../../core/model/decision.ts'
import { check } from '../../../core/model/schema.ts'
import type { PlatformEndpoint } from '../../../core/model/tables.ts'
import { EMPTY_WINDOW, type Window } from '../../../core/model/window.ts'
import {
  spreadOf,
  type EndpointWindow,
  type EndpointWindows,
  type ReplicaRow,
} from '../../../core/model/windows.ts'
import { summarise, summaryOf, type Observed } from '../../../controller/decide/summarise.ts'
import { withOverrides } from '../../../controller/decide/overrides.ts'
import { victims } from '../../../controller/decide/victims.ts'
import { defaults } from '../../../core/model/settings.ts'
import { inputs, replicas, row, NOW } from './sight.ts'

const none = spreadOf([])
function window(
  seconds: number,
  of: { replicas?: Partial<Window>; edges?: Partial<Window> },
): EndpointWindow {
  return {
    seconds,
    replicas: { ...EMPTY_WINDOW, samples: 1, ...of.replicas },
    edges: { ...EMPTY_WINDOW, samples: 1, ...of.edges },
    over: { inFlight: none, queued: none, serviceUs: none, admittedMilli: none },
    coverage: 1000,
    expected: 2,
    reporting: 2,
    stalenessMs: 0,
  }
}

function answer(rows: ReplicaRow[], changed: Partial<EndpointWindows> = {}): EndpointWindows {
  const windows = { '1': window(1, {}), '3': window(3, {}), '20': window(20, {}) }
  return {
    v: 1,
    endpoint: 'local/x',
    at: NOW,
    windows,
    replicas: rows,
    folds: {},
    offeredPerSecond: Array.from({ length: 300 }, (_, i) => i),
    causes: [],
    epoch: 1,
    warm: true,
    ...changed,
  }
}

type Replica = PlatformEndpoint['replicas'][number]
function replica(name: string, changed: Partial<Replica> = {}): Replica {
  return {
    replica: name,
    revision: 'r1',
    state: 'ready',
    address: '127.0.0.1:1',
    admin: '127.0.0.1:2',
    started: NOW - 60_000,
    ready: NOW - 40_000,
    restarts: 0,
    why: null,
    ...changed,
  }
}

function seen(windows: EndpointWindows | null, platform: Replica[], since: number | null = null) {
  return summarise(observed(windows, platform, since))
}

function observed(
  windows: EndpointWindows | null,
  platform: Replica[],
  since: number | null = null,
): Observed {
  return {
    windows,
    windowAgeMs: windows === null ? null : 200,
    platform: {
      endpoint: 'local/x',
      revision: 'r1',
      port: 1,
      desired: platform.length,
      replicas: platform,
    },
    platformVersion: 3,
    now: NOW,
    since,
    folds: [],
    overrides: [],
    activate: false,
  }
}

test('arrivals count where they first meet us; held is what edges queue', t => {
  const wait = { count: 1, sum: 5000, squares: '0', histogram: [160, 1] }
  const s = summaryOf(
    window(20, {
      replicas: {
        offered: 30,
        attempts: 200,
        admitted: 210,
        inFlight: { integral: 60_000_000, max: 9, end: 99 },
      },
      edges: { offered: 190, queued: { integral: 40_000_000, max: 7, end: 99 }, wait },
    }),
    window(1, {
      replicas: { inFlight: { integral: 0, max: 0, end: 4 } },
      edges: { queued: { integral: 0, max: 0, end: 2 } },
    }),
  )
  t.like(s, {
    offered: 220,
    attempts: 200,
    admitted: 210,
    inFlightMilli: 3000,
    heldMilli: 2000,
    heldMax: 7,
    present: 6,
  })
  t.true((s.waitP95 ?? 0) > 0)
})

test('rejections of edges and sidecars add up, shares are in permille', t => {
  const full = { ...EMPTY_WINDOW.rejected, full: 3 }
  const s = summaryOf(
    window(20, {
      replicas: {
        rejected: full,
        us: 4_000_000,
        boundUs: 1_000_000,
        cpu: { us: 9, available: 10 },
      },
      edges: { rejected: { ...full, late: 2 } },
    }),
    null,
  )
  t.like(s, {
    rejected: 8,
    boundPermille: 250,
    cpuPermille: 900,
    memoryPermille: null,
    waitP95: null,
  })
})

test('the whole passes its schema and is bounded for a large fleet', t => {
  const names = Array.from({ length: 5000 }, (_, i) => `r${i}`)
  const rows = names.map((name, i) =>
    row(name, {
      inFlightMilli: i,
      serviceUs: i === 77 ? 9_000_000 : 200_000,
      server: i === 88 ? 5 : 0,
    }),
  )
  const got = seen(
    answer(rows),
    names.map(name => replica(name)),
  )
  const checked = check(schema, got)
  t.deepEqual(checked.ok ? [] : checked.issues, [])
  t.is(got.outliers.length, 32)
  const chosen = got.outliers.map(r => r.replica)
  for (const name of ['r0', 'r1', 'r77', 'r88']) t.true(chosen.includes(name), name)
  t.is(got.offeredPerSecond.length, 120)
  t.is(got.offeredPerSecond.at(-1), 299)
})

test('silent replicas are named, those that are not ready first', t => {
  const platform = [
    replica('a'),
    replica('b'),
    replica('c', { state: 'failed', ready: null }),
    replica('d', { state: 'draining' }),
  ]
  t.deepEqual(seen(answer([row('a')]), platform).missing, ['c', 'b'])
  t.deepEqual(seen(answer([row('a', { ageMs: 5001 })]), platform).missing, ['c', 'a', 'b'])
})

test('counts, start-ups since the last decision, and the oldest that is starting', t => {
  const platform = [
    replica('a'),
    replica('b', { started: NOW - 23_000, ready: NOW - 1000 }),
    replica('c', { started: NOW - 9000, ready: null, state: 'starting' }),
    replica('d', { started: NOW - 23_000, ready: NOW - 1000, restarts: 1 }),
  ]
  const got = seen(answer([]), platform, NOW - 5000)
  t.deepEqual(got.startUps, [22_000])
  t.like(got.replicas, { desired: 4, ready: 3, starting: 1, oldestStartingMs: 9000 })
})

test('no answer, and one from before the rings were read', t => {
  t.like(seen(null, [replica('a')]), {
    windows: null,
    windowAgeMs: null,
    missing: ['a'],
    inForce: null,
  })
  t.is(seen(answer([], { warm: false }), []).windows?.['20']?.coverage, 0)
})

test('the order in force is the one that all hold', t => {
  const order = { epoch: 2, n: 7 }
  const held = (second: typeof order | null) =>
    seen(answer([row('a', { order }), row('b', { order: second })]), [replica('a'), replica('b')])
      .inForce
  t.deepEqual(held(order), order)
  t.is(held({ epoch: 2, n: 6 }), null)
  t.is(held(null), null)
})

test('victims: silent and not ready, then failing, then least loaded, the newest among equals', t => {
  const platform = [
    replica('old', { started: 1 }),
    replica('new', { started: 2 }),
    replica('busy'),
    replica('bad'),
    replica('dead', { state: 'failed' }),
  ]
  const rows = [
    row('old'),
    row('new'),
    row('busy', { inFlightMilli: 4000 }),
    row('bad', { inFlightMilli: 9000, ok: 1, server: 50 }),
  ]
  const got = seen(answer(rows), platform)
  t.deepEqual(victims(got, 5), ['dead', 'bad', 'new', 'old', 'busy'])
  t.deepEqual(victims(inputs({ replicas: replicas(4) }), 2), [])
})

test('overrides replace settings of their kind and nothing else', t => {
  const with_ = (what: string, value: string) =>
    withOverrides(defaults, [{ what, value, who: null, until: null }])
  t.is(with_('max-replicas', '30')['max-replicas'], 30)
  t.is(with_('freeze', '"all"').freeze, 'all')
  t.is(with_('advise-only', 'true')['advise-only'], true)
  t.is(with_('fixed-limit', 'null')['fixed-limit'], null)
  t.deepEqual(with_('behavior', '{"scaleUp":{"selectPolicy":"Min"}}').behavior, {
    scaleUp: { selectPolicy: 'Min' },
  })
  for (const [what, value] of [
    ['max-replicas', '0'],
    ['max-replicas', 'null'],
    ['max-replicas', '"30"'],
    ['max-replicas', '{'],
    ['freeze', '"half"'],
    ['advise-only', '1'],
    ['behavior', '{"scaleUp":{"policies":3}}'],
    ['replicas', '3'],
  ] as const) {
    t.deepEqual(with_(what, value), defaults, `${what} ${value}`)
  }
})

test('attempts that went elsewhere and refused upgrades are no requests turned away', t => {
  const rejected = { ...EMPTY_WINDOW.rejected, full: 3, 'no-slot': 50, upgrades: 7 }
  const replicas = { offered: 100, rejected }
  const edges = { offered: 20, rejected: { ...EMPTY_WINDOW.rejected, 'no-slot': 2, upgrades: 5 } }
  const { offered, rejected: away } = summaryOf(window(20, { replicas, edges }), null)
  t.is(away, 5)
  t.is(offered, 108)
})

test('use of CPU, memory and GPU comes from the host where samples have none; what a load balancer holds counts as held', t => {
  const usage = (cpu: number | null, memoryPermille: number | null, gpuPermille?: number) => ({
    usage: {
      cpuPermille: cpu,
      memoryPermille,
      ...(gpuPermille === undefined ? {} : { gpuPermille }),
    },
  })
  const fleet = [
    replica('a', usage(400, null, 925)),
    replica('b', usage(601, 700, 70)),
    replica('c', { ...usage(5000, 5000), state: 'starting', address: null, admin: null }),
    replica('d'),
  ]
  const w = seen(answer([]), fleet).windows
  t.like(w?.['20'], { cpuPermille: 501, memoryPermille: 700, gpuPermille: 925 })
  t.like(w?.['20'], { heldMilli: 0, present: 0 })
  const own = window(20, {
    replicas: { cpu: { us: 1, available: 10 }, memoryPermille: 5, gpuPermille: 0 },
  })
  const both = seen(answer([], { windows: { '20': own } }), fleet).windows
  t.like(both?.['20'], { cpuPermille: 100, memoryPermille: 5, gpuPermille: 0 })
  const held = summarise({
    ...observed(answer([]), fleet),
    platform: { ...observed(null, fleet).platform, held: 7 },
  })
  t.like(held.windows?.['3'], { heldMilli: 7000, heldMax: 7, present: 7 })
  t.is(held.replicas.starting, 1)
})
