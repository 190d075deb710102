/** A sidecar's answer to an edge: what it may hold now and holds. */
export interface Slots {
  effective: number
  inFlight: number
}

export const TIMES = {
  /** A full replica is tried at most this often while requests are held. */
  tryUs: 100_000,
  /** A new replica gets its whole share of traffic after this long. */
  slowStartUs: 10_000_000,
  /** Back-off after a failed connect: doubles to the most. */
  downUs: 100_000,
  downMostUs: 5_000_000,
  /** First ejection of an outlier; each further one in a row is longer by as much. */
  ejectUs: 10_000_000,
  ejectMostUs: 60_000_000,
} as const

/** What an edge knows of one replica: of its own requests exactly, of others' what the replica last said. */
export class Replica {
  readonly name: string
  effective: number
  /** Requests that this edge has given it. */
  own = 0
  /** Requests of other edges and clients, as of its last answer. */
  others = 0
  ready = false
  /** It said itself that it is leaving. */
  draining = false
  readySinceUs = -Infinity
  givenUs = -Infinity
  /** Newest word on its limit: of the table, of an answer, or our last try when it was full. */
  heardUs: number
  trying = false
  downUntilUs = -Infinity
  ejectedUntilUs = -Infinity
  /** Came back from a failed connect or an ejection: one request at a time until it answers. */
  suspect = false
  failures = 0
  ejections = 0
  /** Answers of late, halved now and then: what ejection compares. */
  good = 0
  bad = 0

  constructor(name: string, limit: number, nowUs: number) {
    this.name = name
    this.effective = limit
    this.heardUs = nowUs
  }

  get free(): number {
    return this.effective - this.own - this.others
  }

  reachable(nowUs: number): boolean {
    return this.ready && !this.draining && nowUs >= this.downUntilUs && nowUs >= this.ejectedUntilUs
  }

  usable(nowUs: number): boolean {
    return this.reachable(nowUs) && !(this.suspect && this.own > 0)
  }

  /** Share of its limit in use if it took one more. */
  load(nowUs: number): number {
    const age = (nowUs - this.readySinceUs) / TIMES.slowStartUs
    const weight = Math.min(1, Math.max(0.1, age))
    return (this.own + this.others + 1) / (this.effective * weight)
  }

  tryDue(nowUs: number): boolean {
    return !this.trying && nowUs - this.heardUs >= TIMES.tryUs
  }

  /** The newest word wins. `own` must count what the replica counts: the request answered, if it holds it. */
  heard(slots: Slots | null, nowUs: number): void {
    this.heardUs = nowUs
    this.failures = 0
    this.suspect = false
    if (slots === null) return
    this.effective = slots.effective
    this.others = Math.max(0, slots.inFlight - this.own)
  }

  /** It is ready, perhaps again: what became of connects before that says nothing. */
  came(sinceUs: number): void {
    this.readySinceUs = sinceUs
    this.failures = 0
    this.suspect = false
    this.downUntilUs = -Infinity
  }

  /** A connect failed, or a connection broke. Those under way at the same moment are the same failure. */
  failed(nowUs: number): void {
    this.suspect = true
    if (nowUs < this.downUntilUs) return
    const wait = Math.min(TIMES.downMostUs, TIMES.downUs * (1 << Math.min(this.failures, 10)))
    this.failures++
    this.downUntilUs = nowUs + wait
  }
}
