import type { Sample } from '../../core/model/sample.ts'
import type { Targets } from '../../core/model/tables.ts'
import type { EndpointWindows } from '../../core/model/windows.ts'
import { Endpoint, type Taken } from './endpoint.ts'
import { oddField } from './odd.ts'
import { positionOf } from './position.ts'
import { KEPT_SECONDS } from './ring.ts'
import type { Sender } from './sender.ts'
import { endpointWindows, replicaWindows, type ReplicaWindows } from './view.ts'

/** An edge names its endpoints itself; more than this is not believed. */
const MOST_ENDPOINTS = 10_000
/** Seconds that a corrected clock may be ahead of ours before its samples are nonsense. */
const MOST_AHEAD = 3

/** Who sent a sample: as the targets name it, not as the sample does. */
export interface From {
  kind: 'replica' | 'edge'
  /** null for an edge: each of its lines names one. */
  endpoint: string | null
  replica: string
}

/**
 * Every sample once, folded by endpoint and second. Pure but for what it remembers: `now` (ms since 1970)
 * is passed in, and any order of arrival of the same samples gives the same windows.
 */
export class Store {
  readonly taken: Record<Taken, number> = { new: 0, duplicate: 0, late: 0, nonsense: 0 }
  private readonly byName = new Map<string, Endpoint>()
  private readonly edges = new Set<string>()
  private readonly onNew: (sample: Sample) => void

  /** `onNew` sees each sample once, whatever its age. */
  constructor(onNew: (sample: Sample) => void = () => {}) {
    this.onNew = onNew
  }

  /** The newest targets replace the last; a replica is missed from the first second that it was expected in. */
  setTargets(targets: Targets['targets'], now: number): void {
    const named = new Set<Sender>()
    this.edges.clear()
    for (const target of targets) {
      if (target.kind === 'edge') this.edges.add(target.replica)
      if (target.endpoint === null) continue
      const sender = this.endpoint(target.endpoint).sender(target.kind, target.replica)
      named.add(sender)
      const since = sender.expectedSince ?? Math.floor(now / 1000) + 1
      sender.expectedSince = target.expected && target.kind === 'replica' ? since : null
    }
    for (const { senders } of this.byName.values()) {
      for (const sender of senders.values()) {
        const edge = sender.kind === 'edge' && this.edges.has(sender.replica)
        sender.targeted = edge || named.has(sender)
        if (!sender.targeted) sender.expectedSince = null
      }
    }
  }

  /**
   * Takes a sample that passed the schema. `offset`: ms from the sender's clock to ours. One that can't be
   * meant (another endpoint, the future, numbers of no second) is 'nonsense', which whoever drops the sender
   * counts.
   */
  take(from: From, sample: Sample, offset: number, now: number): Taken {
    const taken = this.place(from, sample, offset, now)
    if (taken !== 'nonsense') this.taken[taken]++
    return taken
  }

  /** Counts a sender that was dropped for a line that is no sample of its own. */
  nonsense(): void {
    this.taken.nonsense++
  }

  names(): string[] {
    return [...this.byName.keys()].toSorted()
  }

  /** Windows of one endpoint, or null when nothing of that name is known. */
  windows(name: string, now: number, warm: boolean): EndpointWindows | null {
    const endpoint = this.byName.get(name)
    return endpoint === undefined ? null : endpointWindows(endpoint, now, warm)
  }

  replicaWindows(name: string, replica: string, now: number): ReplicaWindows | null {
    const endpoint = this.byName.get(name)
    const sender = endpoint?.senders.get(`replica ${replica}`)
    if (endpoint === undefined || sender === undefined) return null
    return replicaWindows(endpoint, sender, now)
  }

  /** Forgets what no window covers any more. */
  forget(now: number): void {
    for (const [name, endpoint] of this.byName) {
      if (endpoint.forget(Math.floor(now / 1000))) this.byName.delete(name)
    }
  }

  private place(from: From, sample: Sample, offset: number, now: number): Taken {
    const expected = from.endpoint ?? sample.endpoint
    if (sample.kind !== from.kind || sample.endpoint !== expected) return 'nonsense'
    if (oddField(sample) !== null) return 'nonsense'
    const present = Math.floor(now / 1000)
    const position = positionOf(sample.start, offset)
    if (position > present + MOST_AHEAD) return 'nonsense'
    if (position <= present - KEPT_SECONDS) return 'late'
    if (!this.byName.has(expected) && this.byName.size >= MOST_ENDPOINTS) return 'nonsense'
    const endpoint = this.endpoint(expected)
    const sender = endpoint.sender(from.kind, from.replica)
    if (from.kind === 'edge') sender.targeted = this.edges.has(from.replica)
    const onOurClock = offset === 0 ? sample : { ...sample, start: sample.start + offset }
    const taken = endpoint.take(sender, onOurClock, position)
    if (taken === 'new') this.onNew(sample)
    return taken
  }

  private endpoint(name: string): Endpoint {
    const known = this.byName.get(name)
    if (known !== undefined) return known
    const made = new Endpoint(name)
    this.byName.set(name, made)
    return made
  }
}
