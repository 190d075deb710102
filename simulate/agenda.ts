/**
 * Who acts next: one time for each key, the earliest on top, equal times by key. A binary heap that knows
 * the place of each key, so a changed time costs a few steps and nothing is allocated.
 */
export class Agenda {
  private readonly heap: number[] = []
  private readonly times: number[] = []
  private readonly places: number[] = []

  /** The earliest time, Infinity when there is none. */
  get time(): number {
    const key = this.heap[0]
    return key === undefined ? Infinity : (this.times[key] ?? Infinity)
  }

  /** Whose it is; -1 for nobody. */
  get key(): number {
    return this.heap[0] ?? -1
  }

  /** Keys are small integers from 0. Infinity takes a key out. */
  set(key: number, time: number): void {
    const place = this.places[key] ?? -1
    if (place >= 0 && this.times[key] === time) return
    this.times[key] = time
    if (time === Infinity) {
      if (place >= 0) this.remove(key, place)
      return
    }
    if (place >= 0) this.settle(place)
    else {
      this.places[key] = this.heap.push(key) - 1
      this.up(this.heap.length - 1)
    }
  }

  private remove(key: number, place: number): void {
    const last = this.heap.pop()
    this.places[key] = -1
    if (last === undefined || last === key) return
    this.heap[place] = last
    this.places[last] = place
    this.settle(place)
  }

  private settle(place: number): void {
    this.down(place)
    this.up(place)
  }

  private up(from: number): void {
    const key = this.heap[from] ?? 0
    let at = from
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = this.heap[above] ?? 0
      if (!this.before(key, parent)) break
      this.put(parent, at)
      at = above
    }
    this.put(key, at)
  }

  private down(from: number): void {
    const key = this.heap[from] ?? 0
    let at = from
    for (;;) {
      let below = 2 * at + 1
      if (below >= this.heap.length) break
      const right = this.heap[below + 1]
      if (right !== undefined && this.before(right, this.heap[below] ?? 0)) below++
      const child = this.heap[below] ?? 0
      if (!this.before(child, key)) break
      this.put(child, at)
      at = below
    }
    this.put(key, at)
  }

  private put(key: number, place: number): void {
    this.heap[place] = key
    this.places[key] = place
  }

  private before(a: number, b: number): boolean {
    const [first = 0, second = 0] = [this.times[a], this.times[b]]
    return first < second || (first === second && a < b)
  }
}
