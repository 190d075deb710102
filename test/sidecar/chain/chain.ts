import { connect } from 'node:net'
import type { ExecutionContext } from 'ava'
import { ourRequests, type Message } from '../../core/http/fuzz/ours.ts'
import { running } from '../running.ts'
import type { Origin, Understood } from './origins.ts'
import { sentOn, type Sent } from './plain.ts'
import { tap } from './tap.ts'

/** What became of streams that were sent through a real sidecar to a strict server. */
export interface Passed {
  streams: number
  /** Requests that the sidecar read whole, so that they had to arrive. */
  taken: number
  /** Streams whose rest went to the compat carrier. */
  rare: number
  /** Requests that the sidecar wrote whole, and those that the server took, each the same. */
  sent: number
  understood: number
  differences: string[]
}

const MANY = 250
const ENV = {
  OUTRIGGER_FIRST_LIMIT: '1000',
  OUTRIGGER_HEAD_TIMEOUT: '1000',
  OUTRIGGER_BODY_TIMEOUT: '1000',
  OUTRIGGER_IDLE_TIMEOUT: '3000',
  // Of what is said to the model nothing is ours.
  OUTRIGGER_METRICS_URL: 'http://127.0.0.1:9/',
}

export async function pass(
  t: ExecutionContext,
  streams: readonly string[],
  origin: Origin,
  carrier: 'fast' | 'compat' = 'fast',
): Promise<Passed> {
  const { address, wrote } = await tap(t, origin.port)
  const env = { ...ENV, OUTRIGGER_CARRIER: carrier }
  const { child, traffic, gone } = await running(t, address, { env })
  const left = [...streams]
  const client = async (): Promise<void> => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) await send(traffic, one)
  }
  await Promise.all(Array.from({ length: MANY }, client))
  child.kill('SIGTERM')
  const differences = (await gone) === 0 ? [] : ['the sidecar did not end well']
  const understood = await origin.understood()
  const all = new Map([...wrote].map(([from, text]) => [from, sentOn(text)]))
  const sent = [...all.values()].flat()
  const read = streams.map(stream => ourRequests(stream, []))
  const rare = read.filter(({ end }) => end === 'compat').length
  const taken = read.flatMap(({ messages }) => messages.filter(({ whole }) => whole))
  return {
    streams: streams.length,
    taken: taken.length,
    rare,
    sent: sent.filter(({ whole }) => whole).length,
    understood: [...understood.values()].flat().filter(({ body }) => body !== null).length,
    differences: [
      ...differences,
      // node:http breaks off what it has taken when what follows is none.
      ...(carrier === 'fast' ? arrivals(taken, sent, rare) : []),
      ...[...understood].flatMap(([from, seen]) => otherwise(all.get(from) ?? [], seen)),
    ],
  }
}

/** Sends all of it, cut once, and waits until the sidecar ends the connection, or until all that can come has come. */
function send(address: string, stream: string): Promise<void> {
  const [, host, port] = /^(.*):(\d+)$/.exec(address) ?? []
  return new Promise(resolve => {
    const socket = connect(Number(port), host)
    socket.on('error', () => undefined)
    socket.on('close', () => resolve())
    const most = answersTo(stream)
    let answers = 0
    socket.on('data', (chunk: Buffer) => {
      answers += chunk.toString('latin1').match(/HTTP\/1\.1 [2-5]/g)?.length ?? 0
      // What would come besides comes now.
      if (answers >= most) setTimeout(() => socket.destroy(), 50)
    })
    const half = Math.floor(stream.length / 2)
    socket.write(stream.slice(0, half), 'latin1')
    setImmediate(() => socket.write(stream.slice(half), 'latin1'))
  })
}

/** Infinity: something is left of the stream, and who knows what becomes of it. */
function answersTo(stream: string): number {
  const { messages, end } = ourRequests(stream, [])
  const whole = end === 'more' && messages.every(one => one.whole)
  return whole && messages.length > 0 ? messages.length : Infinity
}

/** Whatever was taken was written, once; what was handed to node:http is at most one request more each. */
function arrivals(taken: readonly Message[], sent: readonly Sent[], rare: number): string[] {
  const read = taken.map(({ what, body }) => `${what} ${body}`)
  const written = sent
    .filter(({ whole }) => whole)
    .map(({ method, target, body }) => `${method} ${target} ${body}`)
  const lost = minus(read, written)
  const more = minus(written, read)
  return [
    ...lost.map(one => `taken and not written: ${JSON.stringify(one)}`),
    ...(more.length > rare ? [`written and not taken: ${JSON.stringify(more)}`] : []),
  ]
}

/** What the server took on one connection is what was written on it: each once or not at all, and no other. */
export function otherwise(sent: readonly Sent[], understood: readonly Understood[]): string[] {
  return understood.flatMap((one, i) => {
    const meant = sent[i]
    if (meant === undefined) return [`a request more: ${JSON.stringify(one)}`]
    if (one.body === null) return []
    const same =
      one.method === meant.method && one.target === meant.target && one.body === meant.body
    if (same && meant.whole) return []
    return [`${JSON.stringify(meant)} was read as ${JSON.stringify(one)}`]
  })
}

/** What is in `all` more often than in `others`. */
function minus(all: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const one of others) left.set(one, (left.get(one) ?? 0) + 1)
  return all.filter(one => {
    const n = left.get(one) ?? 0
    left.set(one, n - 1)
    return n <= 0
  })
}
