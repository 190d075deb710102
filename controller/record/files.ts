import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { envelopeOf, type Envelope } from './line.ts'

/** One file of the log: named by the seq of its first record. */
export interface LogFile {
  path: string
  name: string
  first: number
}

export function fileName(first: number): string {
  return `${String(first).padStart(10, '0')}.jsonl`
}

/** The log's files, oldest first; none where the folder does not exist. */
export async function logFiles(dir: string): Promise<LogFile[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return names
    .filter(name => /^\d{10,16}\.jsonl$/.test(name))
    .map(name => ({ path: join(dir, name), name, first: Number.parseInt(name, 10) }))
    .toSorted((a, b) => a.first - b.first)
}

export interface Line {
  /** Without its newline. */
  bytes: Buffer
  /** Where it starts in its file. */
  at: number
  /** False for the rest of a file after its last newline. */
  whole: boolean
}

const CHUNK = 1024 * 1024

/** The lines of a file from byte `from`, in lists as they are read. Stops at the end that it finds. */
export async function* linesOf(path: string, from = 0): AsyncGenerator<Line[]> {
  const file = await open(path, 'r')
  try {
    let held = Buffer.alloc(0)
    let at = from
    for (let position = from; ;) {
      const chunk = Buffer.allocUnsafe(CHUNK)
      const { bytesRead } = await file.read(chunk, 0, CHUNK, position)
      if (bytesRead === 0) break
      position += bytesRead
      const read = chunk.subarray(0, bytesRead)
      const bytes = held.length === 0 ? read : Buffer.concat([held, read])
      const found = split(bytes, at)
      const last = found.at(-1)
      const end = last === undefined ? at : last.at + last.bytes.length + 1
      held = bytes.subarray(end - at)
      at = end
      if (found.length > 0) yield found
    }
    if (held.length > 0) yield [{ bytes: held, at, whole: false }]
  } finally {
    await file.close()
  }
}

function split(bytes: Buffer, at: number): Line[] {
  const found: Line[] = []
  let from = 0
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
    found.push({ bytes: bytes.subarray(from, end), at: at + from, whole: true })
    from = end + 1
  }
  return found
}

/** The envelope of a file's first record, or null when it has none yet. */
export async function firstOf(file: LogFile): Promise<Envelope | null> {
  for await (const lines of linesOf(file.path)) {
    const first = lines[0]
    return first?.whole === true ? envelopeOf(first.bytes) : null
  }
  return null
}
