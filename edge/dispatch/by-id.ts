const FIRST = 64
const MOST = 4096

/**
 * Things by an id that counts up, most of which go soon after they came. A Map that is filled and emptied all the
 * time makes itself a new table again and again, and a dead one that has grown old keeps the next, with all that was
 * in it, from the collector of young objects. So here an id has its place in one array; who still sits there when
 * its place is due again moves to a Map.
 */
export class ById<T> {
  size = 0
  private young: (Entry<T> | undefined)[] = Array.from({ length: FIRST })
  private readonly old = new Map<number, T>()

  get(id: number): T | undefined {
    const entry = this.young[this.placeOf(id)]
    return entry?.id === id ? entry.value : this.old.get(id)
  }

  /** An id that is not there yet. */
  add(id: number, value: T): void {
    if (2 * this.size >= this.young.length && this.young.length < MOST) this.grow()
    this.size++
    this.place({ id, value })
  }

  delete(id: number): void {
    const at = this.placeOf(id)
    if (this.young[at]?.id === id) this.young[at] = undefined
    else if (!this.old.delete(id)) return
    this.size--
  }

  /** As they are now. */
  values(): T[] {
    return [...this.old.values(), ...this.young.flatMap(entry => (entry ? [entry.value] : []))]
  }

  private placeOf(id: number): number {
    return id & (this.young.length - 1)
  }

  private place(entry: Entry<T>): void {
    const at = this.placeOf(entry.id)
    const before = this.young[at]
    if (before !== undefined) this.old.set(before.id, before.value)
    this.young[at] = entry
  }

  private grow(): void {
    const all = this.young
    this.young = Array.from({ length: 2 * all.length })
    for (const entry of all) if (entry !== undefined) this.place(entry)
  }
}

interface Entry<T> {
  id: number
  value: T
}
