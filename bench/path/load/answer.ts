/**
 * Reads the answers of one HTTP/1.1 connection that has one request under way at a time. Only what the
 * bench's own upstream answers is understood: a length or chunks.
 */
export class Answers {
  private parts: Buffer[] = []
  private got = 0
  /** Where the answer ends; 0 until its head is read, Infinity for chunks, which are looked through. */
  private end = 0
  private good = false

  /** null: there is more to come. false: not a 200, or more than was asked for. */
  take(part: Buffer): boolean | null {
    this.parts.push(part)
    this.got += part.length
    if (this.end === 0) this.readHead()
    if (this.end === 0 || (this.end !== Infinity && this.got < this.end)) return null
    const end = this.end === Infinity ? chunksEnd(this.whole()) : this.end
    if (end === null) return null
    const verdict = this.good && end === this.got
    this.clear()
    return verdict
  }

  clear(): void {
    this.parts = []
    this.got = 0
    this.end = 0
  }

  private readHead(): void {
    const buffer = this.whole()
    const head = buffer.indexOf('\r\n\r\n')
    if (head < 0) return
    const text = buffer.toString('latin1', 0, head + 2)
    this.good = text.slice(9, 12) === '200'
    const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(text)?.[1]
    this.end = length === undefined ? Infinity : head + 4 + Number(length)
  }

  private whole(): Buffer {
    if (this.parts.length > 1) this.parts = [Buffer.concat(this.parts)]
    return this.parts[0] ?? Buffer.alloc(0)
  }
}

/** Where a chunked body ends, or null while it does not. */
function chunksEnd(buffer: Buffer): number | null {
  for (let at = buffer.indexOf('\r\n\r\n') + 4; ;) {
    const line = buffer.indexOf('\r\n', at)
    if (line < 0) return null
    const size = Number.parseInt(buffer.toString('latin1', at, line), 16)
    at = line + 2 + size + 2
    if (at > buffer.length) return null
    if (size === 0) return at
  }
}
