import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Conn } from '../core/carry/conn.ts'
import { lastWord } from '../core/carry/last-word.ts'
import { Lane } from '../core/carry/lane/lane.ts'
import { realTime } from '../core/carry/time.ts'
import type { Unread } from '../core/carry/unread.ts'
import { HEADERS, LANE } from '../core/model/tables.ts'
import type { Passes } from './passes.ts'

const FORBIDDEN = 'HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'

/** Lanes of edges: each stream of one is a connection of the fast carrier. */
export interface Lanes {
  accept(request: IncomingMessage, socket: Duplex, firstBytes: Buffer): void
  /** Called again and again: closes those without a stream for so long, since one may be under way. */
  closeResting(restMs: number): void
  destroy(): void
}

export function asksForLane(request: IncomingMessage): boolean {
  return request.headers.upgrade === LANE
}

/** With no answer to our end for so long, ms, nobody is there. */
const ENDING_MS = 2000

/** `connections`: streams of a lane at a time. A lane without a sign of life for `idleTimeoutMs` has no edge any more. */
export function lanes(
  passes: Passes,
  { connections: most, idleTimeoutMs }: { connections: number; idleTimeoutMs: number },
  take: ((stream: Conn) => void) | null,
  unread: Unread,
): Lanes {
  /** And since when it has had no stream, as far as was looked, ms. */
  const open = new Map<Lane, number>()
  return {
    accept(request, socket, firstBytes) {
      const pass = request.headers[HEADERS.pass]
      const edge = typeof pass === 'string' && passes.good(pass, socket)
      // By a client that is none of ours, or without a carrier for its streams.
      if (!edge || take === null || !(socket instanceof Socket)) {
        return lastWord(socket, FORBIDDEN)
      }
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${LANE}\r\n\r\n`,
      )
      const lane = new Lane(socket, { accept: take, most, later: realTime.later })
      open.set(lane, Infinity)
      unread.share(socket)
      // An edge asks again and again while streams are open, and closes what rests.
      socket.setTimeout(idleTimeoutMs, () => lane.fail())
      socket.once('close', () => open.delete(lane))
      socket.on('data', (bytes: Buffer) => lane.read(bytes))
      if (firstBytes.length > 0) lane.read(firstBytes)
    },
    closeResting(restMs) {
      const nowMs = realTime.now()
      for (const [lane, sinceMs] of open) {
        if (lane.size > 0) open.set(lane, Infinity)
        else if (sinceMs === Infinity) open.set(lane, nowMs)
        else if (nowMs - sinceMs >= restMs + ENDING_MS) lane.fail()
        else if (nowMs - sinceMs >= restMs) lane.endWhenIdle()
      }
    },
    destroy() {
      for (const lane of open.keys()) lane.fail()
    },
  }
}
