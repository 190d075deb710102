/** DER (X.690) as far as a certificate of ours needs it. Written only: what reads certificates is OpenSSL. */
function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body])
  const length: number[] = []
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256)
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length, ...length), body])
}

export const sequence = (...parts: Uint8Array[]): Buffer => tlv(0x30, ...parts)
export const set = (...parts: Uint8Array[]): Buffer => tlv(0x31, ...parts)
export const octets = (bytes: Uint8Array): Buffer => tlv(0x04, bytes)
export const utf8 = (text: string): Buffer => tlv(0x0c, Buffer.from(text))
export const truth = (): Buffer => tlv(0x01, Buffer.of(0xff))
/** A field that is told from others by its number alone: [n], of further parts or of plain bytes. */
export const within = (n: number, ...parts: Uint8Array[]): Buffer => tlv(0xa0 | n, ...parts)
export const plain = (n: number, bytes: Uint8Array): Buffer => tlv(0x80 | n, bytes)
/** Whole bytes, or a few flags whose last `unused` bits don't count. */
export const bits = (bytes: Uint8Array, unused = 0): Buffer => tlv(0x03, Buffer.of(unused), bytes)

/** A number from 0, most significant byte first: shortest, and never taken for negative. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const value = bytes.subarray(start)
  const first = value[0] ?? 0
  if (value.length === 0 || first >= 0x80) return tlv(0x02, Buffer.of(0), value)
  return tlv(0x02, value)
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(arc: number): number[] {
  const out = [arc % 128]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
    out.unshift(0x80 | (rest % 128))
  return out
}

/** RFC 5280, 4.1.2.5: two-digit years until 2049, four digits from then on; whole seconds, UTC. */
export function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, '').slice(0, 14)
  return digits < '2050'
    ? tlv(0x17, Buffer.from(`${digits.slice(2)}Z`))
    : tlv(0x18, Buffer.from(`${digits}Z`))
}

export function pem(what: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${what}-----\n${lines.join('\n')}\n-----END ${what}-----\n`
}
