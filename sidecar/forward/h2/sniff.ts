import type { Socket } from 'node:net'
import type { Handed } from '../../../core/carry/front.ts'

/** The preface of HTTP/2 (RFC 9113 3.4), as far as it tells it from HTTP/1.1. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\n', 'latin1')

/** Tells HTTP/2 from HTTP/1.1 by the first bytes of a connection, where nobody reads them strictly. */
export interface Sniffer {
  sniff(socket: Socket): void
  /** Closes connections that have said nothing for so long. */
  closeResting(restMs: number): void
}

export function sniffer(
  waitMs: number,
  known: (socket: Socket, bytes: Buffer, to: Handed) => void,
): Sniffer {
  const waiting = new Map<Socket, number>()

  function sniff(socket: Socket): void {
    let seen: Buffer = Buffer.alloc(0)
    const drop = (): void => void socket.destroy()
    const forget = (): boolean => waiting.delete(socket)
    const read = (chunk: Buffer): void => {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk])
      const length = Math.min(seen.length, PREFACE.length)
      const alike = seen.subarray(0, length).equals(PREFACE.subarray(0, length))
      if (alike && length < PREFACE.length) return
      forget()
      socket.setTimeout(0)
      socket.off('data', read).off('end', drop).off('error', drop).off('timeout', drop)
      socket.off('close', forget)
      known(socket, seen, alike ? 'h2' : 'compat')
    }
    waiting.set(socket, performance.now())
    socket.setTimeout(waitMs)
    socket.on('data', read).on('end', drop).on('error', drop).on('timeout', drop)
    socket.on('close', forget)
  }

  return {
    sniff,
    closeResting(restMs) {
      const long = performance.now() - restMs
      for (const [socket, since] of waiting) if (since <= long) socket.destroy()
    },
  }
}
