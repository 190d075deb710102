/** What holds bytes for a client: its connection, or a stream of one. */
export interface Outlet {
  /** Of what was written: not taken yet. */
  readonly writableLength: number
  readonly bytesWritten: number
  readonly destroyed: boolean
  destroy(): unknown
  once(event: 'close', then: () => void): unknown
}

/** What an outlet that holds bytes of an answer holds besides: the buffer that they were read into. */
const BUFFER = 64 * 1024
const LOOK_MS = 250
/** What many share and has taken nothing for so long is what holds up memory, where that is short. */
const STUCK_MS = 1000

/**
 * Answers that clients do not read. What all of them together leave in our sockets and streams is bounded: beyond `most` bytes those
 * are cut off that have taken nothing for longest. Who takes nothing for `timeoutMs` is cut off in any case, as by
 * nginx (send_timeout).
 */
export class Unread {
  private readonly most: number
  private readonly timeoutMs: number
  private readonly outlets = new Set<Outlet>()
  private readonly shared = new Set<Outlet>()
  /** Those that hold something: how many bytes they have got rid of, and since when no more. */
  private readonly behind = new Map<Outlet, { taken: number; sinceMs: number }>()
  /** Bytes at the last look, and what may have come since. */
  private sum = 0
  private grown = 0
  private lookedMs = -Infinity

  constructor(most: number, timeoutMs: number) {
    this.most = most
    this.timeoutMs = timeoutMs
  }

  add(outlet: Outlet): void {
    this.outlets.add(outlet)
    outlet.once('close', () => {
      this.outlets.delete(outlet)
      this.behind.delete(outlet)
    })
  }

  /** It carries many from now on (a lane), whose bytes are counted with each of them. */
  share(outlet: Outlet): void {
    this.outlets.delete(outlet)
    this.shared.add(outlet)
    outlet.once('close', () => {
      this.shared.delete(outlet)
      this.behind.delete(outlet)
    })
  }

  /** No connection is open, whoever carries it now. */
  get empty(): boolean {
    return this.outlets.size + this.shared.size === 0
  }

  /** So much is left in one after a write. */
  left(bytes: number, now: () => number): void {
    this.grown += bytes + BUFFER
    if (this.sum + this.grown > this.most) this.judge(now())
  }

  /** Done now and then. */
  look(nowMs: number): void {
    if (nowMs - this.lookedMs >= LOOK_MS) this.judge(nowMs)
  }

  private judge(nowMs: number): void {
    this.lookedMs = nowMs
    this.grown = 0
    this.sum = 0
    for (const outlet of this.shared) this.held(outlet, nowMs)
    for (const outlet of this.outlets) {
      const bytes = this.held(outlet, nowMs)
      if (bytes > 0) this.sum += bytes + BUFFER
    }
    if (this.sum > this.most) this.shed(nowMs)
  }

  private held(outlet: Outlet, nowMs: number): number {
    const { writableLength: pending } = outlet
    if (pending === 0 || outlet.destroyed) {
      this.behind.delete(outlet)
      return 0
    }
    const taken = outlet.bytesWritten - pending
    const one = this.behind.get(outlet)
    if (one === undefined) this.behind.set(outlet, { taken, sinceMs: nowMs })
    else if (taken > one.taken) Object.assign(one, { taken, sinceMs: nowMs })
    else if (nowMs - one.sinceMs > this.timeoutMs) {
      outlet.destroy()
      return 0
    }
    return pending
  }

  /** Some more than need be, so that not each of the next writes leads here. */
  private shed(nowMs: number): void {
    const longest = [...this.behind].toSorted(([, a], [, b]) => a.sinceMs - b.sinceMs)
    for (const [outlet, { sinceMs }] of longest) {
      if (!this.shared.has(outlet)) continue
      if (nowMs - sinceMs >= STUCK_MS) outlet.destroy()
    }
    for (const [outlet] of longest) {
      if (this.shared.has(outlet)) continue
      if (this.sum <= (this.most * 7) / 8) return
      this.sum -= outlet.writableLength + BUFFER
      outlet.destroy()
    }
  }
}
