import { check, isMapping, sentence } from '../core/model/schema.ts'
import {
  HEADERS,
  type Platform,
  type PlatformEndpoint,
  type Targets,
} from '../core/model/tables.ts'
import { endpointWindows, type EndpointWindows } from '../core/model/windows.ts'
import { call } from '../core/runtime/call.ts'
import { follow } from '../core/runtime/follow.ts'
import { once, wordsOfError, type Log } from '../core/runtime/log.ts'
import type { PlatformLink } from './platform.ts'

export interface ObserverOptions {
  platform: Pick<PlatformLink, 'follow'>
  token: string | null
  /** ms, monotonic. */
  now: () => number
  /** ms that the time of decisions is ahead of the clock that the platform goes by. */
  ahead?: number
  log: Log
  /** A new table of the platform. */
  changed?: () => void
  /** A new second of an endpoint. */
  second?: (windows: EndpointWindows) => void
}

/** Follows the platform and the aggregator, and tells the aggregator which replicas there are. */
export class Observer {
  platform: Platform | null = null
  private readonly options: ObserverOptions
  private readonly say: ReturnType<typeof once>
  private byName = new Map<string, PlatformEndpoint>()
  private readonly newest = new Map<string, { windows: EndpointWindows; seenAt: number }>()
  private readonly platformStream: { stop(): void }
  private aggregator: { address: string; stop(): void } | null = null
  private told = ''
  private telling = false
  private stopped = false

  constructor(options: ObserverOptions) {
    this.options = options
    this.say = once(options.log)
    this.platformStream = options.platform.follow(table => this.takePlatform(table))
  }

  endpoint(name: string): PlatformEndpoint | null {
    return this.byName.get(name) ?? null
  }

  windows(endpoint: string): EndpointWindows | null {
    return this.newest.get(endpoint)?.windows ?? null
  }

  /** ms since the aggregator's newest second came, by our clock; null when none ever came. */
  windowAge(endpoint: string): number | null {
    const newest = this.newest.get(endpoint)
    return newest === undefined ? null : Math.max(0, this.options.now() - newest.seenAt)
  }

  stop(): void {
    this.stopped = true
    this.platformStream.stop()
    this.aggregator?.stop()
  }

  private takePlatform(told: Platform): void {
    const before = this.platform
    const table = inOurTime(told, this.options.ahead ?? 0)
    this.platform = table
    this.byName = new Map(table.endpoints.map(row => [row.endpoint, row]))
    if (this.aggregator?.address !== table.aggregator) this.followAggregator(table.aggregator)
    void this.tell()
    for (const name of this.newest.keys()) if (!this.byName.has(name)) this.newest.delete(name)
    if (before?.boot !== table.boot || before.version !== table.version) this.options.changed?.()
  }

  private followAggregator(address: string): void {
    this.aggregator?.stop()
    const stream = follow({
      url: () => `http://${address}/v1/windows?follow=1`,
      headers: this.headers(),
      line: value => this.takeLine(value),
      opened: () => {
        this.say.again("the aggregator can't be followed")
        // A new life of the aggregator knows no targets.
        this.told = ''
        void this.tell()
      },
      lost: why => this.say.say('warn', "the aggregator can't be followed", { address, why }),
    })
    this.aggregator = { address, stop: () => stream.stop() }
  }

  /** What is wrong with one endpoint's windows blinds nobody to the others: theirs age, and are missing then. */
  private takeLine(value: unknown): void {
    const result = check(endpointWindows, value)
    if (result.ok) return this.takeWindows(result.value)
    const why = result.issues.slice(0, 3).map(sentence).join('; ')
    const endpoint = isMapping(value) && typeof value.endpoint === 'string' ? value.endpoint : ''
    if (!this.byName.has(endpoint)) throw new Error(why)
    this.say.say('warn', unreadable(endpoint), { why })
  }

  private takeWindows(windows: EndpointWindows): void {
    const { endpoint, at } = windows
    this.say.again(unreadable(endpoint))
    const before = this.newest.get(endpoint)
    // The same second again says nothing new, so it makes no older one younger.
    const seenAt = before?.windows.at === at ? before.seenAt : this.options.now()
    this.newest.set(endpoint, { windows, seenAt })
    if (before?.windows.at !== at) this.options.second?.(windows)
  }

  /** PUTs the targets where they differ from those last told; tried again each second. */
  private async tell(): Promise<void> {
    if (this.telling || this.platform === null || this.stopped) return
    this.telling = true
    try {
      for (;;) {
        const table: Platform = this.platform
        const json = targetsOf(table)
        const text = `${table.aggregator} ${JSON.stringify(json)}`
        if (text === this.told) break
        const url = `http://${table.aggregator}/v1/targets`
        const { status } = await call('PUT', url, {
          json,
          headers: this.headers(),
          timeoutMs: 3000,
        })
        if (status < 200 || status > 299) throw new Error(`answered ${status}`)
        this.told = text
        this.say.again('the aggregator does not take the targets')
      }
    } catch (error) {
      this.say.say('warn', 'the aggregator does not take the targets', { why: wordsOfError(error) })
      setTimeout(() => void this.tell(), 1000).unref()
    } finally {
      this.telling = false
    }
  }

  private headers(): Record<string, string> {
    return this.options.token === null ? {} : { [HEADERS.token]: this.options.token }
  }
}

/** Which replicas and edges exist. One that is starting or leaving is not missed when silent. */
function targetsOf(table: Platform): Targets {
  const edges = table.edges.map(({ edge, admin }) => ({
    kind: 'edge' as const,
    endpoint: null,
    replica: edge,
    revision: null,
    admin,
    expected: true,
  }))
  const replicas = table.endpoints.flatMap(({ endpoint, replicas: rows }) =>
    rows.flatMap(({ replica, revision, admin, state }) => {
      const expected = state === 'ready' || state === 'not-ready'
      const kind = 'replica' as const
      // One without an address yet can't be asked.
      return admin === null ? [] : [{ kind, endpoint, replica, revision, admin, expected }]
    }),
  )
  return { v: 1, targets: [...edges, ...replicas] }
}

/** Starts in the time of decisions: what began a minute ago there is not stuck, however far apart the clocks are. */
function inOurTime(table: Platform, ahead: number): Platform {
  if (ahead === 0) return table
  const endpoints = table.endpoints.map(row => ({
    ...row,
    replicas: row.replicas.map(each => ({
      ...each,
      started: each.started + ahead,
      ready: each.ready === null ? null : each.ready + ahead,
    })),
  }))
  return { ...table, endpoints }
}

function unreadable(endpoint: string): string {
  return `the windows of ${endpoint} are not what windows are: it is decided as without any`
}
