import { randomBytes } from 'node:crypto'

/**
 * UUIDv7 (RFC 9562, 5.7): 48 bits of ms since 1970, a 12-bit counter (6.2, method 1) and 62 random bits.
 * Ids of one generator only grow, also where the ms stands still or goes back.
 */
export function idMaker(random: (size: number) => Buffer = randomBytes): (ms: number) => string {
  let last = -1
  let count = 0
  return ms => {
    if (ms > last) {
      last = ms
      // Starts in the lower half, so that a busy ms has room to count.
      count = random(2).readUInt16BE() & 0x7ff
    } else if (count < 0xfff) {
      count++
    } else {
      last++
      count = 0
    }
    const bytes = Buffer.alloc(16)
    bytes.writeUIntBE(last, 0, 6)
    bytes.writeUInt16BE(0x7000 | count, 6)
    random(8).copy(bytes, 8)
    bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8)
    const hex = bytes.toString('hex')
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      hex.slice(12, 16),
      hex.slice(16, 20),
      hex.slice(20),
    ].join('-')
  }
}

/** The ms since 1970 in a UUIDv7, or null for anything else. */
export function msOfId(id: string): number | null {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)
    ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
    : null
}
