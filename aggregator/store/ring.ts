import type { Granted } from './rest.ts'
import { without } from './rest.ts'
import { fold, spans, type Span, type Window } from '../../core/model/window.ts'

/** Older than this is folded into blocks: every span up to 30 s ends within it. */
const CELL_SECONDS = 40
const BLOCK = 10
export const KEPT_SECONDS = 310

/** Takes the parts of a span, newest first. */
export interface Reader {
  add(part: Window): void
}

/**
 * The last five minutes of one sender, or of all senders of an endpoint: single seconds for 40 s, blocks
 * of 10 s before. Folding is associative and commutative, so what arrives late is folded in where it
 * belongs and every order of arrival gives the same parts.
 */
export class Ring {
  private readonly cells = new Map<number, Window>()
  private readonly blocks = new Map<number, Window>()
  /** Seconds before this are in blocks; always a multiple of 10. */
  private edge = -Infinity
  newest = -Infinity

  /** False when the second is older than what is kept. */
  add(position: number, part: Window): boolean {
    if (position <= this.newest - KEPT_SECONDS) return false
    if (position > this.newest) {
      this.newest = position
      this.settle(Math.floor((position - CELL_SECONDS) / BLOCK) * BLOCK)
    }
    if (position >= this.edge) put(this.cells, position, part)
    else put(this.blocks, Math.floor(position / BLOCK), part)
    return true
  }

  /** Takes out a second that was only taken for granted: its sample came. */
  takeBack({ position, sample }: Granted): void {
    const inCells = position >= this.edge
    const parts = inCells ? this.cells : this.blocks
    const key = inCells ? position : Math.floor(position / BLOCK)
    const there = parts.get(key)
    if (there === undefined) return
    const left = without(there, sample)
    if (left === null) parts.delete(key)
    else parts.set(key, left)
  }

  has(position: number): boolean {
    return this.cells.has(position)
  }

  /** Reads all spans that end with second `end` in one pass; `complete` is called as each is whole. */
  read(end: number, reader: Reader, complete: (span: Span) => void): void {
    let at = end
    for (const span of spans) {
      const from = firstOf(span, end)
      for (; at >= from && at >= this.edge; at--) {
        const cell = this.cells.get(at)
        if (cell !== undefined) reader.add(cell)
      }
      if (at >= from) this.readBlocks(from, at, reader)
      complete(span)
    }
  }

  private readBlocks(from: number, to: number, reader: Reader): void {
    for (let block = Math.floor(to / BLOCK); block * BLOCK >= from; block--) {
      const part = this.blocks.get(block)
      if (part !== undefined) reader.add(part)
    }
  }

  private settle(edge: number): void {
    if (edge <= this.edge) return
    this.edge = edge
    for (const [position, part] of this.cells) {
      if (position >= edge) continue
      put(this.blocks, Math.floor(position / BLOCK), part)
      this.cells.delete(position)
    }
    for (const block of this.blocks.keys()) {
      if ((block + 1) * BLOCK <= this.newest - KEPT_SECONDS) this.blocks.delete(block)
    }
  }
}

/** First second of a span that ends with `end`. The longest begins with a block: it is 291 to 300 s long. */
export function firstOf(span: Span, end: number): number {
  return span === 300 ? Math.ceil((end - 299) / BLOCK) * BLOCK : end - span + 1
}

function put(into: Map<number, Window>, key: number, part: Window): void {
  const there = into.get(key)
  into.set(key, there === undefined ? part : fold(there, part))
}
