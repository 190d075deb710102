import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import type { FakeSidecar } from './fake-sidecar.ts'
import { rows, type Row } from '../core/http/rows.ts'
import { raw, recorder } from '../sidecar/support.ts'
import { entry, fakeController, portOf, startTestEdge } from './bench.ts'

/** docs/http.md, row by row, against a real edge: what a sidecar refuses, an edge refuses in the same words. */
const AFTER = 'GET /after HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const statuses = (text: string): string[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status = '']) => status)
const all = rows()
const requests = all.filter(({ section }) => section.startsWith('Requests'))
const answers = all.filter(({ section }) => section.startsWith('Answers'))

async function edgeBefore(t: ExecutionContext, address: string): Promise<string> {
  const replica = { address, limit: 100 } as FakeSidecar
  const controller = await fakeController(t, [entry([replica])])
  return `127.0.0.1:${await portOf(await startTestEdge(t, controller.url))}`
}

test('requests: what is refused is answered once and ends there, all else is one request at the replica', async t => {
  const origin = await recorder(t)
  const edge = await edgeBefore(t, `127.0.0.1:${origin.address.split(':').at(-1)}`)
  for (const { what, bytes, fate } of requests) {
    origin.requests.length = 0
    // What follows a request of HTTP/1.0 on its connection is nothing that node:http would read.
    const got = statuses(await raw(edge, bytes.includes('HTTP/1.0') ? bytes : bytes + AFTER))
    const urls = origin.requests.map(({ url }) => url)
    if (fate === 'fast') {
      const last = /^connection:.*close/im.test(bytes)
      const went = got.filter(status => status !== '100')
      t.deepEqual(went, last ? ['200'] : ['200', '200'], what)
      t.is(urls.length, went.length, what)
    } else if (fate === 'compat') {
      t.true(got.length >= 1, what)
      t.is(urls.length, got.filter(status => status === '200').length, what)
    } else {
      t.deepEqual(got, [fate === 'h2' ? '505' : fate], what)
      t.false(urls.includes('/after'), what)
    }
  }
})

async function model(t: ExecutionContext, row: () => Row): Promise<string> {
  const server = createServer(socket => {
    socket.on('error', () => undefined)
    socket.once('data', (chunk: Buffer) => {
      const asked = chunk.toString('latin1').startsWith('POST /row')
      socket.end(asked ? row().bytes : 'HTTP/1.1 404 No\r\n\r\n', 'latin1')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('answers: passed on with their status, or 502', async t => {
  for (const row of answers) {
    // Each its own: a replica that answers nonsense rests.
    const edge = await edgeBefore(t, await model(t, () => row))
    const got = await raw(edge, 'POST /row HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    const said = [...row.bytes.matchAll(/HTTP\/1\.. (\d{3})/g)].map(([, status = '']) => status)
    t.deepEqual(statuses(got), row.fate === '502' ? ['502'] : said, row.what)
  }
})
