import { linesOf, logFiles, type Line, type LogFile } from './files.ts'
import { Lived } from './lived.ts'
import { envelopeOf, NO_PREV, recordOf, sha256, type Envelope } from './line.ts'

/** Where a log stops being a chain. */
export interface Break {
  file: LogFile
  /** Byte in the file. */
  at: number
  why: string
  /** Of what a crash can leave: a torn last batch. Anything else was changed or lost after it was durable. */
  tail: boolean
}

/** What a walk over a whole log found. */
export interface Chain {
  files: LogFile[]
  records: number
  /** seq of the oldest record kept, and of the next to be written. */
  first: number
  next: number
  /** SHA-256 of the newest line: the next record's `prev`. */
  head: string
  /** Of the newest record; 0 where there is none. */
  time: number
  epoch: number
  /** How old its records are. */
  lived: Lived
  broken: Break | null
}

/** One append is durable within this: records of a batch that a crash tore are no further apart. ms */
const ONE_BATCH = 1000

/**
 * Walks a log from its oldest record and checks seq and `prev` of each line. The oldest file kept may
 * begin anywhere (retention): its first `prev` is taken as given.
 */
export async function walk(
  dir: string,
  each: (envelope: Envelope, line: Line, file: LogFile) => void = () => undefined,
): Promise<Chain> {
  const files = await logFiles(dir)
  const first = files[0]?.first ?? 1
  const chain: Chain = {
    files,
    records: 0,
    first,
    next: first,
    head: NO_PREV,
    time: 0,
    epoch: 0,
    lived: new Lived(),
    broken: null,
  }
  let newest: { line: Line; file: LogFile; seq: number } | null = null
  for (const [i, file] of files.entries()) {
    let expectFirst = true
    for await (const lines of linesOf(file.path)) {
      for (const line of lines) {
        const envelope = line.whole ? envelopeOf(line.bytes) : null
        const why: string | null = line.whole
          ? wrong(envelope, chain, file, expectFirst)
          : 'a line without its end'
        if (why !== null || envelope === null) {
          const last = i === files.length - 1
          chain.broken = {
            file,
            at: line.at,
            why: why ?? 'not a record',
            // A whole record that does not follow from a whole one was not torn, unless both are of one batch.
            tail: last && (await oneBatch(file, line.at, envelope === null ? null : chain.time)),
          }
          return chain
        }
        expectFirst = false
        each(envelope, line, file)
        take(chain, envelope, line)
        newest = { line, file, seq: envelope.seq }
      }
    }
  }
  chain.broken = newest === null ? null : brokenBody(newest.line, newest.file, newest.seq)
  return chain
}

/** Of the newest record no other one has the hash: its body is looked at. */
function brokenBody(line: Line, file: LogFile, seq: number): Break | null {
  try {
    recordOf(line.bytes)
    return null
  } catch {
    const why = `line ${seq - file.first + 1}, record ${seq}, is no JSON`
    return { file, at: line.at, why, tail: false }
  }
}

function take(chain: Chain, envelope: Envelope, line: Line): void {
  chain.records++
  chain.next = envelope.seq + 1
  chain.head = sha256(line.bytes)
  chain.time = Math.max(chain.time, envelope.time)
  chain.epoch = Math.max(chain.epoch, envelope.epoch)
  chain.lived.take(envelope.seq, envelope.time)
}

function wrong(
  envelope: Envelope | null,
  chain: Chain,
  file: LogFile,
  expectFirst: boolean,
): string | null {
  if (envelope === null) return 'a line that is not a record'
  if (expectFirst && envelope.seq !== file.first)
    return `the file begins with record ${envelope.seq}, its name says ${file.first}`
  if (envelope.seq !== chain.next) return `record ${envelope.seq} where ${chain.next} was expected`
  const anchored = chain.records > 0 || envelope.seq === 1
  return anchored && envelope.prev !== chain.head
    ? `record ${envelope.seq} does not follow from the line before it (its prev differs)`
    : null
}

/** Whether the whole records from byte `at` on are of one batch: within ONE_BATCH of `from`, or of the first. */
async function oneBatch(file: LogFile, at: number, from: number | null): Promise<boolean> {
  let start = from
  for await (const lines of linesOf(file.path, at)) {
    for (const line of lines) {
      const time = line.whole ? (envelopeOf(line.bytes)?.time ?? null) : null
      if (time === null) continue
      start ??= time
      if (time > start + ONE_BATCH) return false
    }
  }
  return true
}
