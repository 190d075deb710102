/** Reads protobuf's wire format (https://protobuf.dev/programming-guides/encoding) by a table of fields. */
interface Field {
  name: string
  /** string, hex, uint, int, bool, double, fixed64, fixed32, or the name of a message in the table. */
  of: string
  many: boolean
}
export type Messages = Record<string, Record<number, Field>>

/** `'2 spans* Span'`: number, name, '*' when repeated, kind. */
export function message(...lines: string[]): Record<number, Field> {
  return Object.fromEntries(
    lines.map(line => {
      const [number = '', name = '', of = ''] = line.split(' ')
      return [Number(number), { name: name.replace('*', ''), of, many: name.endsWith('*') }]
    }),
  )
}

/** A message as protobuf's JSON mapping would show it: 64-bit integers as decimal strings. Throws on nonsense. */
export function decode(messages: Messages, type: string, bytes: Buffer): Record<string, unknown> {
  const fields = messages[type] ?? {}
  const out: Record<string, unknown> = {}
  const reader = new Reader(bytes)
  while (!reader.done) {
    const key = Number(reader.varint())
    const field = fields[key >>> 3]
    const wire = key & 7
    if (field === undefined) {
      reader.raw(wire)
      continue
    }
    const values = read(messages, field, wire, reader)
    if (field.many) out[field.name] = [...((out[field.name] as unknown[]) ?? []), ...values]
    else out[field.name] = values.at(-1)
  }
  return out
}

function read(messages: Messages, field: Field, wire: number, reader: Reader): unknown[] {
  if (wire !== 2) return [scalar(field.of, wire, reader)]
  const bytes = reader.raw(2)
  if (field.of === 'string') return [bytes.toString('utf8')]
  if (field.of === 'hex') return [bytes.toString('hex')]
  if (messages[field.of] !== undefined) return [decode(messages, field.of, bytes)]
  const packed: unknown[] = []
  const inner = new Reader(bytes)
  while (!inner.done) packed.push(scalar(field.of, wireOf(field.of), inner))
  return packed
}

function wireOf(kind: string): number {
  return kind === 'double' || kind === 'fixed64' ? 1 : kind === 'fixed32' ? 5 : 0
}

function scalar(kind: string, wire: number, reader: Reader): unknown {
  if (wire === 0) {
    const value = reader.varint()
    if (kind === 'bool') return value !== 0n
    return kind === 'int' ? String(BigInt.asIntN(64, value)) : Number(value)
  }
  const bytes = reader.raw(wire)
  if (wire === 5) return bytes.readUInt32LE(0)
  return kind === 'double' ? bytes.readDoubleLE(0) : String(bytes.readBigInt64LE(0))
}

class Reader {
  private at = 0
  private readonly bytes: Buffer
  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get done(): boolean {
    return this.at >= this.bytes.length
  }

  varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.at++]
      if (byte === undefined) break
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
    throw new Error('a varint without an end')
  }

  /** The bytes of one value: 1 = eight, 2 = counted, 5 = four, 0 = a varint that is passed over. */
  raw(wire: number): Buffer {
    if (wire === 0) {
      this.varint()
      return Buffer.alloc(0)
    }
    const size = wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? Number(this.varint()) : NaN
    if (!(this.at + size <= this.bytes.length)) throw new Error(`wire type ${wire} past the end`)
    return this.bytes.subarray(this.at, (this.at += size))
  }
}
