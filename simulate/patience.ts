import type { Request } from './path/request.ts'

/** How the clients of a run behave. Times are us. */
export interface Clients {
  /** A client gives up after this long; Infinity for never. */
  timeoutUs: number
  /** When a try that came to nothing is sent again, us from now; null for never. */
  againUs(tries: number, how: 'rejected' | 'failed' | 'timeout'): number | null
}

export type Turn =
  | { what: 'again'; kind: number; bornUs: number; tries: number }
  | { what: 'gone'; id: number }

/** Who gives up when, and who sends again when. */
export class Patience {
  private readonly clients: Clients
  /** All wait equally long, so they give up in order of arrival. */
  private readonly watched: { id: number; untilUs: number }[] = []
  private head = 0
  /** By time, the earliest last. */
  private readonly coming: { atUs: number; kind: number; bornUs: number; tries: number }[] = []

  constructor(clients: Clients) {
    this.clients = clients
  }

  get nextUs(): number {
    const again = this.coming.at(-1)?.atUs ?? Infinity
    return Math.min(again, this.watched[this.head]?.untilUs ?? Infinity)
  }

  /** True where this try may be given up. */
  watch({ id, arrivedUs }: Request): boolean {
    if (this.clients.timeoutUs === Infinity) return false
    this.watched.push({ id, untilUs: arrivedUs + this.clients.timeoutUs })
    return true
  }

  /** Whether a try that came to nothing is sent again. */
  again(
    { kind, bornUs, tries }: Request,
    how: 'rejected' | 'failed' | 'timeout',
    nowUs: number,
  ): boolean {
    const after = this.clients.againUs(tries, how)
    if (after === null) return false
    const atUs = nowUs + after
    this.coming.splice(this.place(atUs), 0, { atUs, kind, bornUs, tries: tries + 1 })
    return true
  }

  due(nowUs: number): Turn[] {
    const turns: Turn[] = []
    for (let next = this.coming.at(-1); next !== undefined; next = this.coming.at(-1)) {
      if (next.atUs > nowUs) break
      this.coming.pop()
      turns.push({ what: 'again', kind: next.kind, bornUs: next.bornUs, tries: next.tries })
    }
    for (let next = this.watched[this.head]; next !== undefined; next = this.watched[this.head]) {
      if (next.untilUs > nowUs) break
      this.head++
      turns.push({ what: 'gone', id: next.id })
    }
    if (this.head > 10_000) {
      this.watched.splice(0, this.head)
      this.head = 0
    }
    return turns
  }

  /** Where one of this time stands: after all that are later. */
  private place(atUs: number): number {
    let low = 0
    let high = this.coming.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.coming[middle]?.atUs ?? 0) > atUs) low = middle + 1
      else high = middle
    }
    return low
  }
}
