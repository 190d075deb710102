import { createHash } from 'node:crypto'
import { canonical } from '../../core/model/canonical.ts'
import {
  recordKinds,
  type Bodies,
  type LogRecord,
  type RecordKind,
} from '../../core/model/decision.ts'

/** What is to be recorded: a record without its envelope. */
export type Draft = { [K in RecordKind]: { kind: K; body: Bodies[K] } }[RecordKind]

/** The `prev` of the first record ever. */
export const NO_PREV = '0'.repeat(64)

export type Envelope = Omit<LogRecord, 'v' | 'body'>

/** SHA-256 in hex: of a line's bytes without its newline, or of a canonical text. */
export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The hash by which records name a state or settings. */
export function hashOf(value: unknown): string {
  return sha256(canonical(value))
}

const TAIL =
  /,"epoch":(\d+),"id":"([0-9a-f-]{36})","kind":"([a-z]+)","prev":"([0-9a-f]{64})","seq":(\d+),"time":(\d+),"v":1\}$/

/**
 * The envelope of a line without parsing its body: canonical JSON sorts keys, so `body` comes first and
 * the rest has one form. Null for what is not a line of this log.
 */
export function envelopeOf(line: Buffer): Envelope | null {
  if (line.subarray(0, 9).toString('latin1') !== '{"body":{') return null
  // A block that a crash left unwritten reads as zeros.
  if (line.includes(0)) return null
  const match = TAIL.exec(line.subarray(-320).toString('latin1'))
  if (match === null) return null
  const [, epoch, id = '', kind = '', prev = '', seq, time] = match
  if (!recordKinds.includes(kind as RecordKind)) return null
  return {
    epoch: Number(epoch),
    id,
    kind: kind as RecordKind,
    prev,
    seq: Number(seq),
    time: Number(time),
  }
}

/** A whole record from its line; throws on what is not JSON, in words. */
export function recordOf(line: Buffer | string): AnyRecord {
  try {
    return JSON.parse(line.toString()) as AnyRecord
  } catch {
    const seq = envelopeOf(Buffer.from(line))?.seq ?? '?'
    throw new Error(`record ${seq} is no JSON: see where with outrigger decisions verify`)
  }
}

/** A record whose body goes with its kind. */
export type AnyRecord = { [K in RecordKind]: LogRecord<K> }[RecordKind]
