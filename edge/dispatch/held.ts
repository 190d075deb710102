/** A request as the dispatcher knows it: times in us on one monotonic clock. */
export interface Item {
  /** Counts up with arrivals, so it is also the place in the queue. */
  readonly id: number
  readonly arrivedUs: number
  /** The client waits no longer than this; Infinity when it did not say. */
  readonly clientUs: number
  /** Served before this it is on time. */
  onTimeUs: number
  /** Turned away when still held then. */
  deadlineUs: number
  /** Its body can be sent again, so a replica may be tried with it. */
  replayable: boolean
  /** It was sent once, nothing came back, and it was tried again. */
  repeated: boolean
  /** Who has it now; null while held. */
  replica: string | null
}

/** What is held, in order of arrival. At most some thousands, so a splice is cheap. */
export class Held {
  private items: Item[] = []
  /** No deadline is before this. */
  private soonestUs = Infinity

  get size(): number {
    return this.items.length
  }

  get oldest(): Item | null {
    return this.items[0] ?? null
  }

  /** At its place by arrival, whenever it comes. */
  put(item: Item): void {
    this.items.splice(this.placeOf(item.id), 0, item)
    this.soonestUs = Math.min(this.soonestUs, item.deadlineUs)
  }

  remove(item: Item): boolean {
    const at = this.placeOf(item.id)
    if (this.items[at] !== item) return false
    this.items.splice(at, 1)
    return true
  }

  /** Calm: the oldest. Overload: the newest that can still be on time, else the oldest. */
  next(
    overload: boolean,
    nowUs: number,
    wanted: (item: Item) => boolean = () => true,
  ): Item | null {
    if (overload) {
      const newest = this.items.findLast(item => item.onTimeUs > nowUs && wanted(item))
      if (newest !== undefined) return newest
    }
    return this.items.find(wanted) ?? null
  }

  /** Takes out and gives those whose deadline has come. */
  expire(nowUs: number): Item[] {
    if (nowUs < this.soonestUs) return []
    const expired = this.items.filter(item => item.deadlineUs <= nowUs)
    if (expired.length > 0) this.items = this.items.filter(item => item.deadlineUs > nowUs)
    this.soonestUs = this.items.reduce((least, item) => Math.min(least, item.deadlineUs), Infinity)
    return expired
  }

  /** Gives each a new deadline. */
  extend(deadline: (item: Item) => number): void {
    for (const item of this.items) item.deadlineUs = deadline(item)
    this.soonestUs = this.items.reduce((least, item) => Math.min(least, item.deadlineUs), Infinity)
  }

  takeAll(): Item[] {
    const all = this.items
    this.items = []
    this.soonestUs = Infinity
    return all
  }

  private placeOf(id: number): number {
    let low = 0
    let high = this.items.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.items[middle]?.id ?? Infinity) < id) low = middle + 1
      else high = middle
    }
    return low
  }
}
