import type { Reading } from '../../../core/carry/reading.ts'

/** Time that goes on when it is told to, and what waits for it. */
export class VirtualTime {
  nowMs = 0
  timers: { at: number; act: () => void }[] = []
  readonly clock = { us: () => this.nowMs * 1000, now: () => this.nowMs }
  readonly time = {
    now: () => this.nowMs,
    after: (ms: number, act: () => void) => {
      const timer = { at: this.nowMs + ms, act }
      this.timers.push(timer)
      return () => (this.timers = this.timers.filter(one => one !== timer))
    },
    later: (act: () => void) => void this.time.after(0, act),
  }

  pass(ms: number): void {
    this.nowMs += ms
    for (const timer of this.timers.filter(({ at }) => at <= this.nowMs)) {
      // One that was due before it may have prevented it.
      if (!this.timers.includes(timer)) continue
      this.timers = this.timers.filter(one => one !== timer)
      timer.act()
    }
  }
}

/** Each piece is done with before the next is read: the buffer is used again. */
export const reading: Reading = (socket, reader) => {
  socket.on('data', (bytes: Buffer) => {
    reader.read(bytes)
    bytes.fill(0)
  })
  return socket
}
