import { wordsOfError, type Log } from '../../../core/runtime/log.ts'
import type { Kube, Listed, Query } from './client.ts'
import { ApiError, Nonsense, statusOf } from './error.ts'
import { eachPage } from './pages.ts'
import { backOff, systemTime, type Time } from './time.ts'

/** What every object of the API has. */
export interface Named {
  metadata?: { name?: string; namespace?: string; resourceVersion?: string }
}

export interface InformerOptions<T extends Named, K> {
  kube: Kube
  /** Of a collection: /api/v1/pods, or of one namespace. */
  path: string
  /** Selectors. */
  query?: Query
  /** What is kept of an object, so that memory stays small; null: nothing, as if it were not there. */
  keep?: (object: T) => K | null
  /** `name` is namespace/name, or the name of what has no namespace; null when it is gone. */
  changed: (name: string, kept: K | null) => void
  log: Log
  /** Without an event or bookmark for this long a watch is opened anew. Bookmarks come about each minute. */
  stallMs?: number
  /** All is listed again this far apart, times 0.5 to 1.5. */
  relistMs?: number
  time?: Time
}

export interface InformerFigures {
  objects: number
  relists: number
  watches: number
  events: number
  stalls: number
  nonsense: number
  failures: number
  lastEventAgeMs: number
}

interface End {
  why: 'ended' | 'stalled' | 'due'
  error: Error | null
}

const FIRST_DELAY_MS = 200
const LONGEST_DELAY_MS = 10_000
/** A server's Retry-After is heeded up to this: a gateway's maintenance page says an hour and is gone in a minute. */
const LONGEST_ASKED_MS = 60_000
/** A watch that lived this long was a good one, however it ended. Longer than an answer may take. */
const SETTLED_MS = 15_000
/** This often refused, a watch may be asked from a version that the server has never had. */
const REFUSALS_TO_RELIST = 3

/**
 * Keeps up with a collection: lists it, then watches from there. Whatever goes wrong, it goes on: a watch
 * that ends is opened from where it was, one that is too old or spoke nonsense is listed anew, a silent one
 * is given up. One list or watch is open at a time.
 */
export class Informer<T extends Named, K = T> {
  /** The first list is complete, and `changed` was told of it. Stays open when stopped before. */
  readonly synced: Promise<void>
  private readonly options: InformerOptions<T, K>
  private readonly time: Time
  private readonly held = new Map<string, { version: string; kept: K }>()
  private readonly count = {
    relists: 0,
    watches: 0,
    events: 0,
    stalls: 0,
    nonsense: 0,
    failures: 0,
  }
  /** From where to watch; null: to be listed. */
  private version: string | null = null
  private relistAt = Infinity
  private lastEvent: number
  /** Failures in a row. */
  private streak = 0
  private stopped = false
  private interrupt: (() => void) | null = null
  private resolveSynced: () => void = () => undefined

  constructor(options: InformerOptions<T, K>) {
    this.options = options
    this.time = options.time ?? systemTime
    this.lastEvent = this.time.now()
    this.synced = new Promise(resolve => (this.resolveSynced = resolve))
  }

  start(): void {
    void this.run()
  }

  stop(): void {
    this.stopped = true
    this.interrupt?.()
  }

  all(): K[] {
    return [...this.held.values()].map(({ kept }) => kept)
  }

  get(namespace: string, name: string): K | null {
    return this.held.get(namespace === '' ? name : `${namespace}/${name}`)?.kept ?? null
  }

  figures(): InformerFigures {
    const lastEventAgeMs = Math.round(this.time.now() - this.lastEvent)
    return { ...this.count, objects: this.held.size, lastEventAgeMs }
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        if (this.version === null) this.version = await this.relist()
        if (this.stopped) return
        const began = this.time.now()
        const end = await this.follow(this.version)
        const lived = this.time.now() - began
        if (lived < SETTLED_MS && end.error === null && end.why === 'ended')
          throw new Error(`the watch ended after ${Math.round(lived)} ms`)
        if (end.why === 'due') this.version = null
        if (end.why === 'stalled') this.count.stalls++
        if (end.error !== null) throw end.error
      } catch (error) {
        await this.failed(error)
      }
    }
  }

  private recovered(): void {
    if (this.streak > 0) this.options.log('info', `${this.options.path} is followed again`)
    this.streak = 0
  }

  /** Says it once for each outage, decides whether to list anew, and waits. */
  private async failed(error: unknown): Promise<void> {
    if (this.stopped) return
    this.count.failures++
    if (error instanceof Nonsense) this.count.nonsense++
    const refused = error instanceof ApiError && this.streak + 1 >= REFUSALS_TO_RELIST
    if (error instanceof Nonsense || statusOf(error) === 410 || refused) this.version = null
    const { log, path } = this.options
    if (this.streak === 0) log('warn', `${path}: ${wordsOfError(error)}; it is tried again`)
    const wants = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0
    const asked = Math.min(LONGEST_ASKED_MS, wants)
    const { random } = this.time
    const ms = Math.max(asked, backOff(this.streak++, FIRST_DELAY_MS, LONGEST_DELAY_MS, random()))
    await new Promise<void>(resolve => {
      const cancel = this.time.after(ms, resolve)
      this.interrupt = () => {
        cancel()
        resolve()
      }
    })
  }

  /** Gives the version of the list. What it misses has gone; a list that fails takes nothing away. */
  private async relist(): Promise<string> {
    const { kube, path, query = {}, relistMs = 1_800_000 } = this.options
    const seen = new Set<string>()
    const take = (items: T[]): void => {
      if (this.stopped) return
      for (const item of items) seen.add(this.put(item))
    }
    const get = (at: string, asked: Query): Promise<Listed<T>> => kube.get(at, asked)
    const version = await eachPage(get, path, query, take, () => seen.clear())
    if (this.stopped) return version
    for (const name of this.held.keys()) if (!seen.has(name)) this.drop(name)
    this.count.relists++
    this.lastEvent = this.time.now()
    this.relistAt = this.time.now() + relistMs * (0.5 + this.time.random())
    this.resolveSynced()
    return version
  }

  /** One watch, until it ends, stalls, or a relist is due. */
  private follow(from: string): Promise<End> {
    const { kube, path, query = {}, stallMs = 150_000 } = this.options
    const { time } = this
    this.count.watches++
    return new Promise(resolve => {
      const settledAt = time.now() + SETTLED_MS
      let heard = time.now()
      let cancel = (): void => undefined
      let watching: { stop(): void } | null = null
      const end = (why: End['why'], error: Error | null): void => {
        cancel()
        watching?.stop()
        resolve({ why, error })
      }
      const guard = (): void => {
        const now = time.now()
        if (now >= settledAt) this.recovered()
        if (now >= this.relistAt) return end('due', null)
        if (now >= heard + stallMs) return end('stalled', null)
        const next = Math.min(
          this.relistAt,
          heard + stallMs,
          now < settledAt ? settledAt : Infinity,
        )
        cancel = time.after(next - now, guard)
      }
      // As client-go's: connections are spread over the servers anew every few minutes.
      const timeoutSeconds = Math.round(300 * (1 + time.random()))
      watching = kube.watch(
        path,
        { ...query, resourceVersion: from, timeoutSeconds },
        {
          event: (type, object) => {
            heard = time.now()
            this.take(type, object as T)
          },
          ended: (_why, error) => end('ended', error),
        },
      )
      this.interrupt = () => end('ended', null)
      guard()
    })
  }

  private take(type: string, object: T): void {
    if (this.stopped) return
    const { resourceVersion } = object.metadata ?? {}
    if (resourceVersion === undefined) throw new Nonsense(`expected a version, got none in ${type}`)
    if (type === 'DELETED') this.drop(nameOf(object))
    else if (type === 'ADDED' || type === 'MODIFIED') this.put(object)
    if (type !== 'BOOKMARK') this.count.events++
    this.version = resourceVersion
    this.lastEvent = this.time.now()
  }

  private put(object: T): string {
    const name = nameOf(object)
    const version = object.metadata?.resourceVersion ?? ''
    if (this.held.get(name)?.version === version) return name
    const { keep = (whole: T) => whole as unknown as K } = this.options
    const kept = this.guarded('keep', () => keep(object)) ?? null
    if (kept === null) this.drop(name)
    else {
      this.held.set(name, { version, kept })
      this.guarded('changed', () => this.options.changed(name, kept))
    }
    return name
  }

  private drop(name: string): void {
    if (!this.held.delete(name)) return
    this.guarded('changed', () => this.options.changed(name, null))
  }

  /** What the owner's code throws is its own: it ends no watch. */
  private guarded<R>(what: string, run: () => R): R | undefined {
    try {
      return run()
    } catch (error) {
      this.options.log('error', `${this.options.path}: ${what} threw ${wordsOfError(error)}`)
      return undefined
    }
  }
}

function nameOf({ metadata }: Named): string {
  if (metadata?.name === undefined) throw new Nonsense('expected an object with a name, got none')
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`
}
