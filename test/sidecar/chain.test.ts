import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import test from 'ava'
import { ourRequests } from '../core/http/fuzz/ours.ts'
import type { Case } from '../core/http/fuzz/fuzzer.ts'
import { recorder, sidecar } from './support.ts'

/**
 * The corpus of the fuzzer through a real sidecar to a model that reads by llhttp: it sees the requests that
 * the strict front took whole, each once and in this order, and none that somebody hid in another.
 */
const corpus = JSON.parse(
  readFileSync(new URL('../core/http/fuzz/corpus.json', import.meta.url), 'utf8'),
) as Case[]
const streams = [...new Set(corpus.filter(({ kind }) => kind === 'request').map(one => one.stream))]
/** At once. */
const MANY = 40

/** Sends all of it, cut once, and waits until the sidecar ends the connection. */
function send(address: string, stream: string): Promise<void> {
  const [, host, port] = /^(.*):(\d+)$/.exec(address) ?? []
  return new Promise(resolve => {
    const socket = connect(Number(port), host)
    socket.on('error', () => undefined)
    socket.on('close', () => resolve())
    socket.resume()
    const half = Math.floor(stream.length / 2)
    socket.write(stream.slice(0, half), 'latin1')
    setImmediate(() => socket.write(stream.slice(half), 'latin1'))
  })
}

test('each stream of the corpus is the same requests at the model as at the front', async t => {
  const origin = await recorder(t)
  const { traffic } = await sidecar(t, origin.address, {
    OUTRIGGER_FIRST_LIMIT: '1000',
    OUTRIGGER_HEAD_TIMEOUT: '200',
    OUTRIGGER_BODY_TIMEOUT: '200',
    OUTRIGGER_IDLE_TIMEOUT: '400',
  })
  let compared = 0
  for (let from = 0; from < streams.length; from += MANY) {
    const some = streams.slice(from, from + MANY)
    origin.requests.length = 0
    await Promise.all(some.map(stream => send(traffic, stream)))
    const seen = origin.requests.map(({ method, url, body }) => `${method} ${url} ${body}`)
    const read = some.map(stream => ourRequests(stream, []))
    const taken = read.flatMap(({ messages }) =>
      messages.filter(({ whole }) => whole).map(({ what, body }) => `${what} ${body}`),
    )
    compared += taken.length
    // What is handed to node:http is at most one request more for each stream that was.
    const rare = read.filter(({ end }) => end === 'compat').length
    const more = minus(seen, taken)
    t.deepEqual(minus(taken, seen), [], 'all that was taken arrived')
    t.true(more.length <= rare, `${rare} rare streams, and ${JSON.stringify(more)}`)
  }
  t.true(streams.length > 200 && compared > 200, `${streams.length} ${compared}`)
})

/** What is in `all` more often than in `others`. */
function minus(all: readonly string[], others: readonly string[]): string[] {
  const left = [...others]
  return all.filter(one => {
    const at = left.indexOf(one)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}
