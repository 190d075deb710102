import { Socket } from 'node:net'
import type { Conn } from './conn.ts'

/**
 * Reads what clients send into one buffer that is used again and again: a new one for each read is what costs most
 * of all. Node does so for connections that one opens (`onread`); one that was accepted has to become a socket anew.
 */
export interface Reader {
  /** Good until this returns. */
  read(bytes: Buffer): void
  /** It reads no more: what comes is the socket's own data. */
  readonly handed: boolean
}

/** Gives the socket to speak with in place of the one that was accepted. */
export type Reading = (accepted: Conn, reader: Reader) => Conn

/** One for all: each piece is done with before the next is read. */
const buffer = Buffer.allocUnsafeSlow(64 * 1024)

export const reading: Reading = (accepted, reader) => {
  const handle: unknown = Reflect.get(accepted, '_handle')
  // Gone already, or made by something else than Node's server.
  if (typeof handle !== 'object' || handle === null) return byEvents(accepted, reader)
  const options: object = {
    handle,
    allowHalfOpen: true,
    noDelay: true,
    onread: {
      buffer,
      callback(size: number) {
        const bytes = buffer.subarray(0, size)
        if (reader.handed) return socket.push(Buffer.from(bytes))
        reader.read(bytes)
        return true
      },
    },
  }
  const socket: Socket = new Socket(options)
  // What was accepted goes on counting as a connection of its server until this one is closed.
  Reflect.set(accepted, '_handle', null)
  socket.once('close', () => accepted.destroy())
  return socket
}

/** The same without a buffer of ours. */
const byEvents: Reading = (accepted, reader) => {
  const read = (bytes: Buffer): void => {
    if (reader.handed) accepted.removeListener('data', read)
    else reader.read(bytes)
  }
  accepted.on('data', read)
  return accepted
}
