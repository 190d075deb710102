import type { Body, Refusal } from '../http/head.ts'
import { Chunked } from '../http/chunked.ts'
import type { Clock } from '../runtime/clock.ts'
import { ClientTime } from './client-time.ts'
import type { Link } from './link.ts'
import { Outgoing, writeAll, type Part } from './wire.ts'

/** The body of a request on its way to the model, or to nowhere. Its framing is made anew. */
export class Upload {
  /** All of it has come. */
  done = false
  private readonly chunked: Chunked | null
  private left: number
  private link: Link | null = null
  private time: ClientTime | null = null
  private readonly outgoing = new Outgoing()
  /** What has gone so far, framed, where it may have to go again. */
  private kept: Part[] | null = null
  private room = 0
  private outgrown: (() => void) | null = null
  /** Its bytes may be read. */
  open = false

  constructor(body: Body) {
    this.chunked = body.kind === 'chunked' ? new Chunked() : null
    this.left = body.kind === 'length' ? body.bytes : 0
    this.done = body.kind === 'none' || (body.kind === 'length' && body.bytes === 0)
  }

  /** us that the model waited for the client so far. */
  get clientUs(): number {
    return this.time?.us ?? 0
  }

  /** It may have to go again from its start: so many bytes are kept, and `outgrown` is told once when it has more. */
  keep(bytes: number, outgrown: () => void): void {
    this.kept = []
    this.room = bytes
    this.outgrown = outgrown
  }

  /** From now on it goes to the model, and first what was kept of it. */
  to(link: Link, clock: Clock): void {
    this.link = link
    this.time = new ClientTime(clock)
    this.open = true
    if (this.kept !== null && this.kept.length > 0) writeAll(link.socket, this.kept)
    if (this.done) this.time.waits(false)
  }

  /** That one gets no more of it; another may be given it. What still comes waits. */
  detach(): void {
    this.link = null
    this.open = false
  }

  /** Nobody wants it any more: what comes is dropped. */
  drop(): void {
    this.link = null
    this.kept = null
    this.open = true
  }

  /** The model is ready for more. */
  drained(): void {
    this.time?.waits(!this.done)
  }

  /** Takes a piece; gives where the rest begins, or what is wrong with it. */
  push(chunk: Buffer, at: number): number | Refusal {
    const next =
      this.chunked === null ? this.bytes(chunk, at) : this.chunks(this.chunked, chunk, at)
    if (typeof next === 'number' && !this.outgoing.empty) {
      const more = this.link === null || this.outgoing.flush(this.link.socket, this.kept)
      this.time?.waits(more && !this.done)
    } else if (this.done) this.time?.waits(false)
    return next
  }

  /** The model is behind: nothing more should be read for now. */
  get behind(): boolean {
    return this.link?.socket.writableNeedDrain ?? false
  }

  private grow(bytes: number): void {
    if (this.kept === null) return
    this.room -= bytes
    if (this.room >= 0) return
    this.kept = null
    this.outgrown?.()
  }

  private bytes(chunk: Buffer, at: number): number {
    const to = Math.min(chunk.length, at + this.left)
    this.grow(to - at)
    this.left -= to - at
    this.done = this.left === 0
    if (this.link !== null) this.outgoing.copy(chunk, at, to)
    return to
  }

  private chunks(chunked: Chunked, chunk: Buffer, at: number): number | Refusal {
    const next = chunked.push(chunk, at)
    if (typeof next !== 'number') return next
    this.done = chunked.done
    if (this.link === null) return next
    const { ranges } = chunked
    let size = 0
    for (let i = 0; i < ranges.length; i += 2) size += (ranges[i + 1] ?? 0) - (ranges[i] ?? 0)
    this.grow(size)
    if (size > 0) this.outgoing.text(`${size.toString(16)}\r\n`)
    for (let i = 0; i < ranges.length; i += 2) {
      this.outgoing.copy(chunk, ranges[i] ?? 0, ranges[i + 1] ?? 0)
    }
    const end = this.done ? '0\r\n\r\n' : ''
    if (size > 0 || this.done) this.outgoing.text(size > 0 ? `\r\n${end}` : end)
    return next
  }
}
