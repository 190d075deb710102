import { FOLD } from './bytes.ts'

/** The headers that mean something to us, found by their bytes. All others are plain. */
export const PLAIN = 0
export const HOST_NAME = 1
export const CONNECTION = 2
export const LENGTH = 3
export const CODING = 4
export const EXPECT = 5
export const UPGRADE = 6
/** Between two hops, and of no use to us. */
export const HOP = 7
export const TRACE_PARENT = 8
const TRACE_STATE = 9
export const CONTENT_TYPE = 10
export const DATE = 11
/** x-outrigger-... */
export const OWN = 12
/** A "_" in place of the "-" of a framing header: servers that map one to the other (CGI, WSGI) take it for that. */
export const CONFUSABLE = 13

/** How an engine is asked for its load (ORCA): ours to set. */
export const LOAD_FORMAT = 14

const known: readonly [string, number][] = [
  ['host', HOST_NAME],
  ['connection', CONNECTION],
  ['content-length', LENGTH],
  ['transfer-encoding', CODING],
  ['expect', EXPECT],
  ['upgrade', UPGRADE],
  ['keep-alive', HOP],
  ['proxy-connection', HOP],
  ['proxy-authenticate', HOP],
  ['proxy-authorization', HOP],
  ['te', HOP],
  ['trailer', HOP],
  ['traceparent', TRACE_PARENT],
  ['tracestate', TRACE_STATE],
  ['content-type', CONTENT_TYPE],
  ['date', DATE],
  ['endpoint-load-metrics-format', LOAD_FORMAT],
]

interface Name {
  bytes: Uint8Array
  kind: number
}

export const OWN_PREFIX = ascii('x-outrigger-')
const LONGEST = 28
const byLength: Name[][] = Array.from({ length: LONGEST + 1 }, () => [])
for (const [name, kind] of known) byLength[name.length]?.push({ bytes: ascii(name), kind })

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, letter => letter.charCodeAt(0))
}

/** Which of them the bytes name. */
export function kindOf(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from
  const first = FOLD[bytes[from] ?? 0]
  // 'x'
  if (first === 0x78 && length >= OWN_PREFIX.length && folded(bytes, from, OWN_PREFIX)) return OWN
  if (length > LONGEST) return PLAIN
  for (const name of byLength[length] ?? []) {
    if (name.bytes[0] !== first || !folded(bytes, from, name.bytes)) continue
    if (!underscored(bytes, from, to)) return name.kind
    return name.kind === LENGTH || name.kind === CODING ? CONFUSABLE : PLAIN
  }
  return PLAIN
}

function folded(bytes: Uint8Array, from: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    if (FOLD[bytes[from + i] ?? 0] !== name[i]) return false
  }
  return true
}

/** Whether a "_" is in it. */
export function underscored(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === 0x5f) return true
  return false
}
