/** Things by time, the earliest on top; equal times in the order in which they came, so that runs repeat. */
export class Heap<T> {
  private readonly times: number[] = []
  private readonly turns: number[] = []
  private readonly values: T[] = []
  private turn = 0

  get size(): number {
    return this.times.length
  }

  /** The earliest time, Infinity when it is empty. */
  get time(): number {
    return this.times.length === 0 ? Infinity : (this.times[0] as number)
  }

  push(time: number, value: T): void {
    let at = this.times.length
    while (at > 0) {
      const above = (at - 1) >> 1
      // One that comes later stays below its equals.
      if ((this.times[above] as number) <= time) break
      this.move(above, at)
      at = above
    }
    this.times[at] = time
    this.turns[at] = this.turn++
    this.values[at] = value
  }

  /** Takes the earliest out; undefined when it is empty. */
  pop(): T | undefined {
    const first = this.values[0]
    const time = this.times.pop()
    const turn = this.turns.pop() as number
    const value = this.values.pop() as T
    if (time !== undefined && this.times.length > 0) this.sink(time, turn, value)
    return first
  }

  /** Takes one out that may be somewhere in it; whether it was. */
  remove(value: T): boolean {
    let at = this.values.indexOf(value)
    if (at === -1) return false
    // All above it go one down, which leaves the top free.
    for (; at > 0; at = (at - 1) >> 1) this.move((at - 1) >> 1, at)
    this.pop()
    return true
  }

  private sink(time: number, turn: number, value: T): void {
    const { times, turns } = this
    const size = times.length
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= size) break
      const right = below + 1
      if (right < size && this.before(right, times[below] as number, turns[below] as number))
        below = right
      if (!this.before(below, time, turn)) break
      this.move(below, at)
      at = below
    }
    times[at] = time
    turns[at] = turn
    this.values[at] = value
  }

  private before(place: number, time: number, turn: number): boolean {
    const own = this.times[place] as number
    return own < time || (own === time && (this.turns[place] as number) < turn)
  }

  private move(from: number, to: number): void {
    this.times[to] = this.times[from] as number
    this.turns[to] = this.turns[from] as number
    this.values[to] = this.values[from] as T
  }
}
