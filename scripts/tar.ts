import { createReadStream } from 'node:fs'

/** One entry of an archive; what isn't given comes out the same on every machine and day. */
export interface Entry {
  /** Without a slash at either end. */
  path: string
  mode: number
  /** A folder has none of the three. */
  data?: Buffer
  file?: { from: string; size: number }
  link?: string
}

const BLOCK = 512
const NAME = 100
const encoder = new TextEncoder()

export function sizeOf(entry: Entry): number {
  return entry.data?.length ?? entry.file?.size ?? 0
}

/** Bytes of the archive that tar() makes of these. */
export function tarSize(entries: Entry[]): number {
  const each = entries.map(entry => headersOf(entry).length + padded(sizeOf(entry)))
  return each.reduce((sum, size) => sum + size, 2 * BLOCK)
}

/** The archive in pieces: POSIX (pax) with no times, owners or order of its own. */
export async function* tar(entries: Entry[]): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    yield headersOf(entry)
    yield* contentOf(entry)
  }
  yield Buffer.alloc(2 * BLOCK)
}

/** The header and content of one entry alone, its content given by whoever knows it. */
export async function* tarEntry(
  entry: { path: string; size: number },
  content: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  yield header(entry.path, 0o644, entry.size, '0', '')
  yield* content
  yield Buffer.alloc(padded(entry.size) - entry.size)
}

async function* contentOf(entry: Entry): AsyncGenerator<Buffer> {
  const size = sizeOf(entry)
  if (entry.data !== undefined) yield entry.data
  if (entry.file !== undefined) {
    let got = 0
    for await (const piece of createReadStream(entry.file.from)) {
      got += (piece as Buffer).length
      yield piece as Buffer
    }
    if (got !== size) throw new Error(`${entry.file.from}: expected ${size} bytes, got ${got}`)
  }
  yield Buffer.alloc(padded(size) - size)
}

function headersOf(entry: Entry): Buffer {
  const folder = entry.data === undefined && entry.file === undefined && entry.link === undefined
  const path = folder ? `${entry.path}/` : entry.path
  const type = folder ? '5' : entry.link === undefined ? '0' : '2'
  const main = header(path, entry.mode, sizeOf(entry), type, entry.link ?? '')
  if (encoder.encode(path).length <= NAME) return main
  const record = pax('path', path)
  const before = header('pax', 0o644, record.length, 'x', '')
  return Buffer.concat([before, record, Buffer.alloc(padded(record.length) - record.length), main])
}

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits. */
function pax(key: string, value: string): Buffer {
  const rest = encoder.encode(` ${key}=${value}\n`)
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length++
  return Buffer.concat([encoder.encode(String(length)), rest])
}

function header(path: string, mode: number, size: number, type: string, link: string): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.set(encoder.encode(path).subarray(0, NAME), 0)
  const octal = (value: number, at: number, digits: number): void => {
    block.write(value.toString(8).padStart(digits, '0'), at, 'latin1')
  }
  octal(mode, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(size, 124, 11)
  octal(0, 136, 11)
  block.write(' '.repeat(8), 148, 'latin1')
  block.write(type, 156, 'latin1')
  block.set(encoder.encode(link).subarray(0, NAME), 157)
  block.write('ustar\u000000', 257, 'latin1')
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  )
  block.write('\u0000 ', 154, 'latin1')
  return block
}

const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK
