import { same, type Text } from './bytes.ts'
import type { Refusal } from './head.ts'
import type { HeadLines } from './lines.ts'
import { kindOf } from './names.ts'

/** What requests and answers have in common beside their framing: hop-by-hop headers, and what is passed on. */
const refuse = (why: string): Refusal => ({ status: 400, why })
export const TWICE = refuse('a header that decides where a message ends came twice')
export const CONFUSED = refuse('a header that looks like a framing header')
export const BAD_CONNECTION = refuse('Connection is a list of names')
export const NOMINATED = refuse('Connection may not name what decides where a message ends or goes')

/** What Connection says: close, and the names of headers that are for this hop alone. */
export interface Hop {
  close: boolean
  names: string[] | null
}

const NEVER_NOMINATED = new Set(['host', 'content-length', 'transfer-encoding', 'expect'])

/** Reads one value into `hop`; false: it is no list of names. */
export function readConnection(
  text: Text,
  bytes: Uint8Array,
  from: number,
  to: number,
  hop: Hop,
): boolean {
  if (same(bytes, from, to, 'keep-alive')) return true
  if (same(bytes, from, to, 'close')) {
    hop.close = true
    return true
  }
  for (const part of listOf(text(bytes, from, to))) {
    const name = part.toLowerCase()
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]*$/.test(name)) return false
    if (name === 'close') hop.close = true
    else if (name !== '' && name !== 'keep-alive') (hop.names ??= []).push(name)
  }
  return true
}

/** Whether a header that decides where a message ends or goes is among the names. */
export function nominatesFraming({ names }: Hop): boolean {
  return names?.some(name => NEVER_NOMINATED.has(name)) ?? false
}

/** Its elements without the blanks around them; other white space than space and tab is none here. */
function listOf(value: string): string[] {
  return value.split(',').map(part => {
    let from = 0
    let to = part.length
    while (from < to && isBlank(part[from])) from++
    while (to > from && isBlank(part[to - 1])) to--
    return part.slice(from, to)
  })
}

function isBlank(letter: string | undefined): boolean {
  return letter === ' ' || letter === '\t'
}

/** The kinds of a head's headers, by index: one head is read at a time. */
export const kinds = new Uint8Array(1024)

export function classify({ bytes, fields, count }: HeadLines): void {
  for (let i = 0; i < count; i++) {
    kinds[i] = kindOf(bytes, fields[4 * i] ?? 0, fields[4 * i + 1] ?? 0)
  }
}

/**
 * The lines whose kinds `passes`, as they came, each with its CRLF; those that Connection names are left out.
 * `whole` is the text of `lines.bytes` from `lines.startLine` on.
 */
export function keptLines(
  lines: HeadLines,
  whole: string,
  passes: (kind: number) => boolean,
  names: readonly string[] | null,
): string {
  const { fields, count, startLine, end } = lines
  let kept = ''
  let from = -1
  for (let i = 0; i <= count; i++) {
    const at = (i < count ? (fields[4 * i] ?? 0) : end - 2) - startLine
    const keep = i < count && passes(kinds[i] ?? 0) && !named(lines, whole, i, names)
    if (keep && from < 0) from = at
    if (keep || from < 0) continue
    kept += whole.slice(from, at)
    from = -1
  }
  return kept
}

function named(
  { fields, startLine }: HeadLines,
  whole: string,
  i: number,
  names: readonly string[] | null,
): boolean {
  if (names === null) return false
  const name = whole.slice((fields[4 * i] ?? 0) - startLine, (fields[4 * i + 1] ?? 0) - startLine)
  return names.includes(name.toLowerCase())
}
