import { once } from 'node:events'
import { connect } from 'node:net'
import type { ExecutionContext } from 'ava'

/** A client that writes frames (RFC 9113 4.1) as no library would. */
export const DATA = 0
export const HEADERS = 1
export const RST_STREAM = 3
export const SETTINGS = 4
export const PING = 6
export const GOAWAY = 7
export const CONTINUATION = 9
const ACK = 1
export const END_STREAM = 1
export const END_HEADERS = 4

export interface Frame {
  type: number
  flags: number
  stream: number
  payload: Buffer
}

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Names and values of up to 126 bytes as literals without indexing (RFC 7541 6.2.2). */
export function block(headers: Record<string, string>): Buffer {
  const text = (value: string): Buffer =>
    Buffer.concat([Buffer.from([value.length]), Buffer.from(value)])
  return Buffer.concat(
    Object.entries(headers).map(([name, value]) =>
      Buffer.concat([Buffer.from([0]), text(name), text(value)]),
    ),
  )
}

export const get = { ':method': 'GET', ':scheme': 'http', ':authority': 'a', ':path': '/' }

export interface Raw {
  frames: Frame[]
  write(...frames: Uint8Array[]): void
  /** Whether the other side has ended the connection. */
  ended: Promise<void>
  /** Waits for a frame of that type. */
  came(type: number): Promise<Frame>
}

/** Has sent preface and settings (identifier, value, ...). Acknowledges those of the other side, unless it should not. */
export async function rawClient(
  t: ExecutionContext,
  address: string,
  settings: readonly number[] = [],
  acknowledges = true,
): Promise<Raw> {
  const [host = '', port] = address.split(':')
  const socket = connect({ host, port: Number(port), noDelay: true })
  t.teardown(() => socket.destroy())
  socket.on('error', () => undefined)
  const frames: Frame[] = []
  let rest = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const length = 9 + (rest.length >= 9 ? rest.readUIntBE(0, 3) : 0)
      if (rest.length < length || rest.length < 9) break
      const [type = 0, flags = 0] = rest.subarray(3, 5)
      frames.push({ type, flags, stream: rest.readUInt32BE(5), payload: rest.subarray(9, length) })
      if (acknowledges && type === SETTINGS && (flags & ACK) === 0)
        socket.write(frame(SETTINGS, ACK, 0))
      rest = rest.subarray(length)
      socket.emit('frame')
    }
  })
  const payload = Buffer.alloc(3 * settings.length)
  for (let i = 0; i < settings.length; i += 2) {
    payload.writeUInt16BE(settings[i] ?? 0, 3 * i)
    payload.writeUInt32BE(settings[i + 1] ?? 0, 3 * i + 2)
  }
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  socket.write(frame(SETTINGS, 0, 0, payload))
  const raw: Raw = {
    frames,
    write: (...all) => void socket.write(Buffer.concat(all)),
    ended: once(socket, 'close').then(() => undefined),
    async came(type) {
      for (;;) {
        const found = frames.find(one => one.type === type)
        if (found !== undefined) return found
        await once(socket, 'frame')
      }
    },
  }
  await raw.came(SETTINGS)
  return raw
}

/** The code of a RST_STREAM, or of a GOAWAY. */
export function codeOf({ type, payload }: Frame): number {
  return payload.readUInt32BE(type === GOAWAY ? 4 : 0)
}
