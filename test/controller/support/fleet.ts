import { DistributionRecorder, EMPTY, type Distribution } from '../../../core/model/distribution.ts'
import type { Order } from '../../../core/model/order.ts'
import type { Platform, PlatformEndpoint } from '../../../core/model/tables.ts'
import { EMPTY_WINDOW, type Window } from '../../../core/model/window.ts'
import {
  spreadOf,
  type ArmFold,
  type EndpointWindow,
  type EndpointWindows,
} from '../../../core/model/windows.ts'
import { random, type Random } from '../../support/prng.ts'

/** ms since 1970 at which all simulated hours begin. */
export const START = 1_700_000_000_000
const SERVICE_US = 80_000

/**
 * An endpoint as platform and aggregator would show it, second by second, without a model: arrivals vary
 * around `rate`, service times around 80 ms, replicas are ready 10 s after they are asked for.
 */
export class Fleet {
  readonly endpoint: string
  private readonly r: Random
  private readonly rate: (second: number) => number
  private replicas: PlatformEndpoint['replicas'] = []
  private made = 0
  private seconds = 0
  private readonly offered: number[] = []
  private readonly folds = new Map<string, ArmFold>()

  constructor(endpoint: string, seed: number, rate: (second: number) => number) {
    this.endpoint = endpoint
    this.r = random(seed)
    this.rate = rate
    this.scale(1, START - 60_000)
  }

  scale(count: number, now: number): void {
    while (this.replicas.length < count) {
      const replica = `${this.endpoint.slice(6)}-${++this.made}`
      const address = `127.0.0.1:${20_000 + this.made}`
      this.replicas.push({
        replica,
        revision: 'rev-1',
        state: 'starting',
        address,
        admin: address,
        started: now,
        ready: null,
        restarts: 0,
        why: null,
      })
    }
    this.replicas.length = count
  }

  row(now: number): PlatformEndpoint {
    for (const replica of this.replicas) {
      if (replica.state !== 'starting' || now - replica.started < 10_000) continue
      replica.state = 'ready'
      replica.ready = replica.started + 10_000
    }
    const { endpoint, replicas } = this
    return {
      endpoint,
      revision: 'rev-1',
      port: 8000,
      desired: replicas.length,
      replicas: [...replicas],
    }
  }

  /** One second passes under `order`. */
  second(now: number, order: Order | null): EndpointWindows {
    const mean = this.rate(Math.floor((now - START) / 1000))
    const offered = mean === 0 ? 0 : Math.max(0, Math.round(mean * (0.7 + 0.6 * this.r.uniform())))
    this.offered.push(offered)
    this.seconds++
    if (this.offered.length > 300) this.offered.shift()
    if (order !== null) this.fold(order, offered)
    const windows = Object.fromEntries(
      [1, 3, 20, 30, 300].map(span => [span, this.window(span)] as const),
    )
    const replicas = this.replicas.map(({ replica, revision }) => ({
      replica,
      revision,
      ageMs: 500,
      inFlightMilli: Math.round((offered * SERVICE_US) / 1000 / this.replicas.length),
      queuedMilli: 0,
      offered: this.sum(20),
      ok: this.sum(20),
      server: 0,
      serviceUs: offered === 0 ? null : SERVICE_US,
      cpuPermille: 300,
      effective: order?.limit ?? 1,
      order: order === null ? null : { epoch: order.epoch, n: order.n },
    }))
    return {
      v: 1,
      endpoint: this.endpoint,
      at: now,
      windows,
      replicas,
      folds: { 'rev-1': [...this.folds.values()].slice(-32) },
      offeredPerSecond: [...this.offered],
      causes: [],
      epoch: order?.epoch ?? 0,
      warm: true,
    }
  }

  private sum(span: number): number {
    return this.offered.slice(-span).reduce((total, n) => total + n, 0)
  }

  private window(span: number): EndpointWindow {
    const count = this.sum(span)
    const replicas: Window = {
      ...EMPTY_WINDOW,
      samples: span * this.replicas.length,
      us: span * 1_000_000 * this.replicas.length,
      offered: count,
      admitted: count,
      completed: { ok: count, client: 0, server: 0 },
      inFlight: { integral: count * SERVICE_US, max: 4, end: 2 },
      service: this.times(count),
    }
    const none = spreadOf([])
    return {
      seconds: span,
      replicas,
      edges: EMPTY_WINDOW,
      over: { inFlight: none, queued: none, serviceUs: none, admittedMilli: none },
      coverage: 1000,
      expected: this.replicas.length,
      reporting: this.replicas.length,
      stalenessMs: 400,
    }
  }

  private times(count: number): Distribution {
    if (count === 0) return EMPTY
    // Sixteen times stand for all: an hour has too many requests to draw each.
    const recorder = new DistributionRecorder()
    const drawn = Math.min(16, count)
    for (let i = 0; i < drawn; i++) recorder.add(SERVICE_US * (0.5 + this.r.uniform()))
    const few = recorder.take()
    const weight = Math.floor(count / drawn)
    return {
      count: few.count * weight,
      sum: few.sum * weight,
      squares: (BigInt(few.squares) * BigInt(weight)).toString(),
      histogram: few.histogram.map((n, i) => (i % 2 === 0 ? n : n * weight)),
    }
  }

  private fold(order: Order, offered: number): void {
    const arm = order.probe === null ? 'none' : this.seconds % 8 < 4 ? 'a' : 'b'
    const slot = order.probe === null ? 0 : Math.floor(this.seconds / 4)
    const key = `${order.n} ${arm} ${slot}`
    const before = this.folds.get(key)
    const service = this.times(offered + (before?.service.count ?? 0))
    this.folds.set(key, {
      order: { epoch: order.epoch, n: order.n },
      slot,
      arm,
      seconds: (before?.seconds ?? 0) + 1,
      us: (before?.us ?? 0) + 1_000_000,
      offered: (before?.offered ?? 0) + offered,
      admitted: (before?.admitted ?? 0) + offered,
      ok: (before?.ok ?? 0) + offered,
      server: 0,
      late: 0,
      rejected: 0,
      inFlightIntegral: (before?.inFlightIntegral ?? 0) + offered * SERVICE_US,
      inFlightMax: 8,
      boundUs: (before?.boundUs ?? 0) + (offered === 0 ? 0 : 600_000),
      tokensOut: 0,
      cpuUs: 0,
      service,
      limit: order.limit,
      guardSeconds: 0,
      guardLimits: 0,
      okSquares: (before?.okSquares ?? 0) + offered * offered,
    })
    if (this.folds.size > 40) this.folds.delete([...this.folds.keys()][0] ?? '')
  }
}

export function platformOf(fleets: readonly Fleet[], version: number, now: number): Platform {
  return {
    v: 1,
    boot: 'boot-1',
    version,
    aggregator: '127.0.0.1:1',
    edges: [],
    endpoints: fleets.map(fleet => fleet.row(now)),
  }
}
