/** What a byte may be part of: the character classes of RFC 9110 5.6 and RFC 3986, as one table. */
export const TOKEN = 1
/** Of a field's value: visible, space, tab, and the obs-text that some send. */
export const VALUE = 2
/** Of a path or a query, but for the percent sign: pchar, "/" and "?". */
export const TARGET = 4
/** Of a registered name (RFC 3986 3.2.2), percent signs included. */
export const HOST = 8
export const HEX = 16
export const DIGIT = 32
/** Visible ASCII. */
export const VISIBLE = 64

export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SPACE = 0x20
export const QUOTE = 0x22
export const PERCENT = 0x25
export const SLASH = 0x2f
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const EQUALS = 0x3d
export const BACKSLASH = 0x5c

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const DIGITS = '0123456789'
const SUB_DELIMS = "!$&'()*+,;="
const UNRESERVED = `${LETTERS}${DIGITS}-._~`

const CLASS = new Uint8Array(256)
mark(TOKEN, `${LETTERS}${DIGITS}!#$%&'*+-.^_\`|~`)
mark(TARGET, `${UNRESERVED}${SUB_DELIMS}:@/?`)
mark(HOST, `${UNRESERVED}${SUB_DELIMS.replace(',', '')}%`)
mark(HEX, `${DIGITS}ABCDEFabcdef`)
mark(DIGIT, DIGITS)
for (let byte = 0x21; byte < 0x7f; byte++) add(VISIBLE | VALUE, byte)
for (let byte = 0x80; byte < 0x100; byte++) add(VALUE, byte)
add(VALUE, SPACE)
add(VALUE, TAB)

function mark(kind: number, all: string): void {
  for (let i = 0; i < all.length; i++) add(kind, all.charCodeAt(i))
}

function add(kind: number, byte: number): void {
  CLASS[byte] = (CLASS[byte] ?? 0) | kind
}

/** Whether the byte there is of the class. */
export function is(bytes: Uint8Array, at: number, kind: number): boolean {
  return ((CLASS[bytes[at] ?? 0] ?? 0) & kind) !== 0
}

/** Whether all from `at` up to `end` are. */
export function all(bytes: Uint8Array, at: number, end: number, kind: number): boolean {
  for (let i = at; i < end; i++) if (!is(bytes, i, kind)) return false
  return true
}

/** Letters small, "_" as "-": two names that some server may take for one another are equal. */
export const FOLD = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) FOLD[byte] = byte
for (let byte = 0x41; byte <= 0x5a; byte++) FOLD[byte] = byte + 0x20
FOLD[0x5f] = 0x2d

/** Whether these bytes are `small`, which is in small letters, whatever their case. */
export function same(bytes: Uint8Array, from: number, to: number, small: string): boolean {
  if (to - from !== small.length) return false
  for (let i = 0; i < small.length; i++) {
    const byte = bytes[from + i] ?? 0
    const code = small.charCodeAt(i)
    if (byte !== code && (byte < 0x41 || byte > 0x5a || byte + 0x20 !== code)) return false
  }
  return true
}

/** The bytes from `from` to `to` as text, a character a byte (Latin-1). Whoever has a quick way brings it. */
export type Text = (bytes: Uint8Array, from: number, to: number) => string
