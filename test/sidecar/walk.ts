import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import { rows, type Row } from '../core/http/rows.ts'
import { raw } from './support.ts'

/** docs/http.md, row by row, against a real server: the same rows for a sidecar and for an edge. */
const AFTER = 'GET /after HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const all = rows()
const requests = all.filter(({ section }) => section.startsWith('Requests'))
export const answers = all.filter(({ section }) => section.startsWith('Answers'))

const statuses = (text: string): string[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status = '']) => status)

/** Sends every row of requests; `h2` says what came of the preface of HTTP/2. */
export async function walkRequests(
  t: ExecutionContext,
  address: string,
  origin: { requests: { url: string }[] },
  h2: (got: string[], urls: string[], what: string) => void,
): Promise<void> {
  for (const { what, bytes, fate } of requests) {
    origin.requests.length = 0
    // What follows a request of HTTP/1.0 on its connection is nothing that node:http would read.
    const got = statuses(await raw(address, bytes.includes('HTTP/1.0') ? bytes : bytes + AFTER))
    const urls = origin.requests.map(({ url }) => url)
    if (fate === 'fast') {
      const last = /^connection:.*close/im.test(bytes)
      const went = got.filter(status => status !== '100')
      t.deepEqual(went, last ? ['200'] : ['200', '200'], what)
      t.is(urls.length, went.length, what)
    } else if (fate === 'compat') {
      t.true(got.length >= 1, what)
      t.is(urls.length, got.filter(status => status === '200').length, what)
    } else if (fate === 'h2') {
      h2(got, urls, what)
    } else {
      t.deepEqual(got, [fate], what)
      t.false(urls.includes('/after'), what)
    }
  }
}

/** A model that answers `METHOD /row` with the bytes of a row, and all else with 404. */
export async function modelOf(
  t: ExecutionContext,
  method: string,
  row: () => Row,
): Promise<string> {
  const server = createServer(socket => {
    socket.on('error', () => undefined)
    socket.once('data', (chunk: Buffer) => {
      const asked = chunk.toString('latin1').startsWith(`${method} /row`)
      socket.end(asked ? row().bytes : 'HTTP/1.1 404 No\r\n\r\n', 'latin1')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Asks for a row: its answer is passed on with its status, or is 502. */
export async function walkAnswer(
  t: ExecutionContext,
  address: string,
  method: string,
  { what, bytes, fate }: Row,
): Promise<void> {
  const got = await raw(address, `${method} /row HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  const said = [...bytes.matchAll(/HTTP\/1\.. (\d{3})/g)].map(([, status = '']) => status)
  t.deepEqual(statuses(got), fate === '502' ? ['502'] : said, what)
}
