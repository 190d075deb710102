/** So many of a thing within a time, by name: what is done again and again is done against somebody. */
export class Budget {
  private readonly most: number
  private readonly withinMs: number
  private readonly times = new Map<string, number[]>()

  constructor(most: number, withinMs: number) {
    this.most = most
    this.withinMs = withinMs
  }

  /** Whether it may be done now; if so it counts as done. */
  take(name: string, now: number): boolean {
    for (const [each, times] of this.times)
      if (times.every(time => now - time >= this.withinMs)) this.times.delete(each)
    const recent = (this.times.get(name) ?? []).filter(time => now - time < this.withinMs)
    if (recent.length >= this.most) return false
    this.times.set(name, [...recent, now])
    return true
  }
}
