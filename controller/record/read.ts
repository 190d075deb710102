import { firstOf, linesOf, logFiles, type LogFile } from './files.ts'
import { msOfId } from './id.ts'
import { envelopeOf, recordOf, type AnyRecord, type Envelope } from './line.ts'

export interface Read {
  envelope: Envelope
  line: Buffer
  /** Name of the file that holds it. */
  file: string
}

export interface ReadOptions {
  /** Records after this seq. */
  since?: number
  /** Called at the end: true when there may be more. Without it the walk ends there. */
  wait?: () => Promise<boolean>
  /** Nothing beyond this seq is shown: what is not durable yet does not exist. */
  durable?: () => number
}

/** The log's records in order, streamed; with `wait`, followed. Goes on into new files as they come. */
export async function* readLog(dir: string, options: ReadOptions = {}): AsyncGenerator<Read> {
  let { since = 0 } = options
  const durable = options.durable ?? (() => Infinity)
  let place: { file: LogFile; at: number } | null = null
  for (;;) {
    place ??= placeOf(await logFiles(dir), since)
    if (place !== null) {
      for await (const { read, end } of wholeLines(place.file, place.at)) {
        if (read.envelope.seq > durable()) break
        place.at = end
        if (read.envelope.seq <= since) continue
        since = read.envelope.seq
        yield read
      }
      const newer = await nextFile(dir, place.file, since + 1)
      if (newer !== null && newer.first <= durable()) {
        place = { file: newer, at: 0 }
        continue
      }
    }
    if (options.wait === undefined || !(await options.wait())) return
  }
}

/** The file that holds the record after `since`, or the oldest where retention removed that. */
function placeOf(files: LogFile[], since: number): { file: LogFile; at: number } | null {
  const file = files.findLast(({ first }) => first <= since + 1) ?? files[0]
  return file === undefined ? null : { file, at: 0 }
}

async function nextFile(dir: string, current: LogFile, first: number): Promise<LogFile | null> {
  const files = await logFiles(dir)
  return files.find(file => file.first === first && file.path !== current.path) ?? null
}

async function* wholeLines(
  file: LogFile,
  from: number,
): AsyncGenerator<{ read: Read; end: number }> {
  for await (const lines of linesOf(file.path, from)) {
    for (const { bytes, at, whole } of lines) {
      const envelope = whole ? envelopeOf(bytes) : null
      if (envelope === null) return
      yield { read: { envelope, line: bytes, file: file.name }, end: at + bytes.length + 1 }
    }
  }
}

/** The seq before the first record of the file that was being written at `time` (ms): where to start reading. */
export async function seqBefore(dir: string, time: number): Promise<number> {
  const files = await logFiles(dir)
  let low = 0
  let high = files.length
  // The last file whose first record is not later; times never go back.
  while (high - low > 1) {
    const middle = (low + high) >> 1
    const file = files[middle]
    const first = file === undefined ? null : await firstOf(file)
    if (first !== null && first.time <= time) low = middle
    else high = middle
  }
  return (files[low]?.first ?? 1) - 1
}

/** A record by its seq or its id, or null. */
export async function findRecord(dir: string, name: number | string): Promise<AnyRecord | null> {
  const time = typeof name === 'string' ? msOfId(name) : null
  if (typeof name === 'string' && time === null) return null
  const since = typeof name === 'number' ? name - 1 : await seqBefore(dir, time ?? 0)
  for await (const { envelope, line } of readLog(dir, { since })) {
    if (envelope.seq === name || envelope.id === name) return recordOf(line)
    if (typeof name === 'number' || envelope.time > (time ?? 0) + 5000) return null
  }
  return null
}
