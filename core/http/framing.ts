import { all, CR, DIGIT, same, TAB, type Text } from './bytes.ts'
import { TWICE } from './fields.ts'
import type { Refusal } from './head.ts'
import type { HeadLines } from './lines.ts'
import { CODING } from './names.ts'

/**
 * Where a message ends (RFC 9112 6), the one place where that is read from its head: requests and answers alike,
 * so that no two parts of us can differ in it.
 */
export interface Framing {
  /** What Content-Length said, bytes; -1: it was not there. */
  length: number
  chunked: boolean
}

const refuse = (why: string): Refusal => ({ status: 400, why })
const BOTH = refuse('both Content-Length and Transfer-Encoding')
const TABBED = refuse('a tab beside a value that frames')
const BAD_LENGTH = refuse('Content-Length is a number of bytes')
const BAD_CODING = refuse('the only transfer coding known is chunked')
const KNOWN_CODING: Refusal = { status: 501, why: 'the only transfer coding known is chunked' }

/** Reads the header of that index, a Content-Length or a Transfer-Encoding, into `framing`; null: it may be so. */
export function readFraming(
  lines: HeadLines,
  i: number,
  kind: number,
  text: Text,
  framing: Framing,
): Refusal | null {
  if (tabbed(lines, i)) return TABBED
  const { bytes, fields } = lines
  const from = fields[4 * i + 2] ?? 0
  const to = fields[4 * i + 3] ?? 0
  if (kind === CODING) {
    if (framing.length >= 0) return BOTH
    if (framing.chunked) return TWICE
    framing.chunked = true
    return codingOf(text, bytes, from, to)
  }
  if (framing.chunked) return BOTH
  if (framing.length >= 0) return TWICE
  const length = lengthOf(bytes, from, to)
  if (typeof length !== 'number') return length
  framing.length = length
  return null
}

/** Digits of a Content-Length: no more than keep it exact. */
const MOST_DIGITS = 15

/** Bytes, or why it is no length. */
function lengthOf(bytes: Uint8Array, from: number, to: number): number | Refusal {
  if (to === from || to - from > MOST_DIGITS || !all(bytes, from, to, DIGIT)) return BAD_LENGTH
  let value = 0
  for (let i = from; i < to; i++) value = value * 10 + ((bytes[i] ?? 0) - 0x30)
  return value
}

/** Whether a tab is beside the value: llhttp takes "chunked" with one behind it for another coding. */
function tabbed({ bytes, fields }: HeadLines, i: number): boolean {
  const from = fields[4 * i + 2] ?? 0
  for (let at = (fields[4 * i + 1] ?? 0) + 1; at < from; at++) if (bytes[at] === TAB) return true
  for (let at = fields[4 * i + 3] ?? 0; bytes[at] !== CR; at++) if (bytes[at] === TAB) return true
  return false
}

/** Null: chunked, and nothing else. */
function codingOf(text: Text, bytes: Uint8Array, from: number, to: number): Refusal | null {
  if (same(bytes, from, to, 'chunked')) return null
  const known = /^(x-)?(gzip|deflate|compress)[ \t]*,[ \t]*chunked$/i.test(text(bytes, from, to))
  return known ? KNOWN_CODING : BAD_CODING
}
