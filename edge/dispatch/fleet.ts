import { Replica } from './replica.ts'

/** A replica as the table names it. */
export interface Listed {
  replica: string
  ready: boolean
}

/** The replicas of an endpoint, and which of them takes the next request. */
export class Fleet {
  private readonly byName = new Map<string, Replica>()
  private started = false

  get(name: string): Replica | undefined {
    return this.byName.get(name)
  }

  all(): IterableIterator<Replica> {
    return this.byName.values()
  }

  /** Takes the newest table: who left gets nothing new, who came starts slowly, a changed limit counts for all. */
  set(listed: readonly Listed[], limit: number, limitChanged: boolean, nowUs: number): void {
    const names = new Set(listed.map(one => one.replica))
    for (const replica of this.byName.values()) {
      if (!names.has(replica.name)) replica.ready = false
    }
    for (const { replica: name, ready } of listed) {
      let replica = this.byName.get(name)
      if (replica === undefined) {
        replica = new Replica(name, limit, nowUs)
        this.byName.set(name, replica)
      } else if (limitChanged) {
        replica.effective = limit
        replica.heardUs = nowUs
      }
      // The replicas that a fresh edge finds have been at work for longer than it knows.
      if (ready && !replica.ready) replica.came(this.started ? nowUs : -Infinity)
      replica.ready = ready
      replica.draining &&= ready
    }
    this.started ||= listed.length > 0
    for (const replica of this.byName.values()) this.forget(replica, names)
  }

  /** A replica that left the table is kept until its last request ends. */
  forget(replica: Replica, names: ReadonlySet<string>): void {
    if (!names.has(replica.name) && replica.own === 0) this.byName.delete(replica.name)
  }

  /** Replicas that requests may go to, full or not. */
  reachable(nowUs: number): number {
    let count = 0
    for (const replica of this.byName.values()) if (replica.reachable(nowUs)) count++
    return count
  }

  anyReachable(nowUs: number): boolean {
    for (const replica of this.byName.values()) if (replica.reachable(nowUs)) return true
    return false
  }

  /**
   * A replica with a free slot: the least loaded by share of its limit, a new one weighed as fuller than it
   * is (slow start). Among equals two are drawn, and the one that was given a request longer ago takes it.
   */
  choose(nowUs: number, random: () => number): Replica | null {
    let least = Infinity
    let equals: Replica[] = []
    for (const replica of this.byName.values()) {
      if (!replica.usable(nowUs) || replica.free <= 0) continue
      const load = replica.load(nowUs)
      if (load > least) continue
      if (load < least) equals = [replica]
      else equals.push(replica)
      least = load
    }
    if (equals.length === 0) return null
    const first = equals[Math.floor(random() * equals.length)]
    const second = equals[Math.floor(random() * equals.length)]
    if (first === undefined || second === undefined) return equals[0] ?? null
    return second.givenUs < first.givenUs ? second : first
  }

  /** Full replicas that have not been heard of for a while: worth a try. */
  *untried(nowUs: number): Generator<Replica> {
    for (const replica of this.byName.values()) {
      if (replica.usable(nowUs) && replica.free <= 0 && replica.tryDue(nowUs)) yield replica
    }
  }
}
