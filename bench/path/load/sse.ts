import { TOKENS } from '../payloads.ts'
import { dial, getRequest } from './http.ts'
import { Histogram } from './histogram.ts'
import type { Figures } from './open.ts'
import { now } from './pacer.ts'

/** What the upstream writes for each event: when it did, in ns of the clock that processes share. */
export const eventOf = (ns: number): string => `data: {"token":"word","at":${ns}}\n\n`
const EVENT = /"at":(\d+)\}\n\n/g
/** Longer than any part of an event. */
const TAIL = 64
const LAST_CHUNK = '\r\n0\r\n\r\n'

/** Reads the events of one connection, however they are cut into parts. */
export class Events {
  private rest = ''

  /** When the events that this part completes were written, and whether the stream ended with it. */
  take(part: string): { written: number[]; ended: boolean } {
    const text = this.rest + part
    const found = [...text.matchAll(EVENT)]
    const last = found.at(-1)
    const left = last === undefined ? text : text.slice(last.index + last[0].length)
    const ended = left.endsWith(LAST_CHUNK)
    this.rest = ended ? '' : left.slice(-TAIL)
    return { written: found.map(match => Number(match[1])), ended }
  }
}

/**
 * So many streams at a time, each followed by the next on the same connection. The upstream sets the pace, so
 * that nothing waits for the reader: each event's latency counts from when it was written.
 */
export async function streams(
  port: number,
  { path, connections, seconds }: { path: string; connections: number; seconds: number },
): Promise<Omit<Figures, 'core'>> {
  const latencies = new Histogram()
  const sockets = await Promise.all(Array.from({ length: connections }, () => dial(port)))
  const recordFrom = now() + 0.15 * seconds * 1e9
  let all = 0
  let errors = 0
  for (const socket of sockets) {
    const events = new Events()
    socket.setEncoding('latin1')
    socket.on('data', part => {
      const at = now()
      const { written, ended } = events.take(String(part))
      all += written.length
      for (const when of written) if (when >= recordFrom) latencies.record(at - when)
      if (ended) socket.write(getRequest(port, path))
    })
    socket.once('close', () => errors++)
    socket.on('error', () => undefined)
    socket.write(getRequest(port, path))
  }
  await new Promise(resolve => setTimeout(resolve, seconds * 1000))
  const us = (share: number): number => latencies.quantile(share) / 1000
  return { all: all / TOKENS, errors, p50: us(0.5), p99: us(0.99), p999: us(0.999) }
}
