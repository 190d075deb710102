import type { Sample } from '../../core/model/sample.ts'
import type { Targets } from '../../core/model/tables.ts'
import type { EndpointWindows } from '../../core/model/windows.ts'
import { Endpoint, type Taken } from './endpoint.ts'
import { oddField } from './odd.ts'
import { positionOf } from './position.ts'
import type { Granted } from './rest.ts'
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

  /** The connection to a sender has ended: what it said of seconds to come holds no longer. */
  lost({ kind, endpoint, replica }: From): void {
    if (endpoint !== null) this.byName.get(endpoint)?.senders.get(`${kind} ${replica}`)?.rest.lost()
  }

  /** Windows of one endpoint, or null when nothing of that name is known. */
  windows(name: string, now: number, warm: boolean): EndpointWindows | null {
    const endpoint = this.byName.get(name)
    if (endpoint === undefined) return null
    for (const sender of endpoint.senders.values()) this.grant(endpoint, sender, now)
    return endpointWindows(endpoint, now, warm)
  }

  replicaWindows(name: string, replica: string, now: number): ReplicaWindows | null {
    const endpoint = this.byName.get(name)
    const sender = endpoint?.senders.get(`replica ${replica}`)
    if (endpoint === undefined || sender === undefined) return null
    this.grant(endpoint, sender, now)
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
    if (from.kind === 'edge') return this.put(endpoint, sender, sample, offset)
    // It rested until this one.
    this.grant(endpoint, sender, now + MOST_AHEAD * 1000, sample)
    const wrong = sender.rest.heard(sample, offset)
    for (const granted of wrong) endpoint.takeBack(sender, granted)
    return this.put(endpoint, sender, sample, offset, wrong)
  }

  /** Takes seconds for granted that a sender at rest sends no sample of: those that are over, or all before one. */
  private grant(endpoint: Endpoint, sender: Sender, now: number, before?: Sample): void {
    for (const { sample, offset } of sender.rest.due(now, before)) {
      this.put(endpoint, sender, sample, offset, 'granted')
    }
  }

  /** `instead`: what was taken for granted until this came. */
  private put(
    endpoint: Endpoint,
    sender: Sender,
    sample: Sample,
    offset: number,
    instead: 'granted' | readonly Granted[] = [],
  ): Taken {
    const granted = instead === 'granted'
    const onOurClock = offset === 0 ? sample : { ...sample, start: sample.start + offset }
    const taken = endpoint.take(sender, onOurClock, positionOf(sample.start, offset), granted)
    if (taken === 'new') this.onNew(granted ? sample : beyond(sample, instead))
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

/** What a sample tells beyond what was told already, of seconds that were taken for granted until it came. */
function beyond(sample: Sample, granted: readonly Granted[]): Sample {
  if (sample.cpu === null || granted.length === 0) return sample
  const told = granted.reduce((sum, one) => sum + (one.sample.cpu?.us ?? 0), 0)
  return { ...sample, cpu: { ...sample.cpu, us: Math.max(0, sample.cpu.us - told) } }
}
