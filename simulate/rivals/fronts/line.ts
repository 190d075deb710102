import type { Request } from '../../path/request.ts'

/** Who waits, first in, first out; one may leave from anywhere. All wait equally long at most. */
export class Line {
  /** How long one may wait, us; Infinity for ever. */
  private readonly waitUs: number
  private readonly items: ({ request: Request; untilUs: number } | null)[] = []
  private readonly places = new Map<number, number>()
  /** Index of the first in `items`, and what was cut off before it. */
  private head = 0
  private cut = 0

  constructor(waitUs: number) {
    this.waitUs = waitUs
  }

  get length(): number {
    return this.places.size
  }

  push(request: Request, nowUs: number): void {
    this.places.set(request.id, this.cut + this.items.length)
    this.items.push({ request, untilUs: nowUs + this.waitUs })
  }

  /** The first in line goes; undefined when there is none. */
  shift(): Request | undefined {
    const first = this.first()
    if (first === null) return undefined
    this.remove(first.request)
    return first.request
  }

  /** False when it isn't here. */
  remove({ id }: Request): boolean {
    const place = this.places.get(id)
    if (place === undefined) return false
    this.places.delete(id)
    this.items[place - this.cut] = null
    return true
  }

  /** When the first has waited long enough; Infinity when none waits. */
  nextUs(): number {
    return this.first()?.untilUs ?? Infinity
  }

  /** Those that have waited long enough leave. */
  expire(nowUs: number): Request[] {
    const expired: Request[] = []
    for (let first = this.first(); first !== null && first.untilUs <= nowUs; first = this.first()) {
      this.remove(first.request)
      expired.push(first.request)
    }
    return expired
  }

  private first(): { request: Request; untilUs: number } | null {
    while (this.head < this.items.length && this.items[this.head] === null) this.head++
    if (this.head > 1000) {
      this.items.splice(0, this.head)
      this.cut += this.head
      this.head = 0
    }
    return this.items[this.head] ?? null
  }
}
