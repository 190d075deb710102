import { connect } from 'node:net'
import test from 'ava'
import { HEADERS } from '../../core/model/tables.ts'
import { raw } from '../sidecar/support.ts'
import { entry, fakeController, portOf, startTestEdge, until } from './bench.ts'
import { fakeSidecar } from './fake-sidecar.ts'

const seen = ({ method, url, body }: { method: string; url: string; body: string }): string =>
  `${method} ${url} ${body}`

test('what is legal but rare goes the same way: held, refused and sent again, with its body', async t => {
  const sidecar = await fakeSidecar(t, 2)
  const controller = await fakeController(t, [entry([sidecar])])
  const edge = `127.0.0.1:${await portOf(await startTestEdge(t, controller.url))}`
  sidecar.others = 2
  const head = 'HTTP/1.1\r\nHost: a\r\nConnection: close\r\n'
  const chunked = `PROPFIND /rare ${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`
  const answers = Promise.all([
    raw(edge, chunked),
    raw(edge, `PUT http://a/absolute?x=1 ${head}Content-Length: 2\r\n\r\nhi`),
    raw(edge, 'POST /old HTTP/1.0\r\nContent-Length: 3\r\n\r\nold'),
    raw(edge, `HEAD /100% ${head}\r\n`),
  ])
  await until(() => sidecar.refusals > 0, 'a refusal')
  sidecar.others = 0
  const [first, absolute, old, none] = await answers
  t.regex(first, /^HTTP\/1\.1 200 OK\r\n[^]*served 6/)
  t.regex(first, new RegExp(`${HEADERS.waited}: \\d+`))
  t.false(first.includes(HEADERS.slots))
  t.regex(absolute, /^HTTP\/1\.1 200 OK\r\n[^]*served 2/)
  t.regex(old, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nserved 3$/, 'no chunks for HTTP/1.0')
  t.regex(none, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/)
  t.deepEqual(sidecar.seen.map(seen).toSorted(), [
    'HEAD /100% ',
    'POST /old old',
    'PROPFIND /rare hello!',
    'PUT /absolute?x=1 hi',
  ])
})

test('a rare request in the middle of a connection, and one after it', async t => {
  const sidecar = await fakeSidecar(t, 2)
  const controller = await fakeController(t, [entry([sidecar])])
  const edge = `127.0.0.1:${await portOf(await startTestEdge(t, controller.url))}`
  const answer = await raw(
    edge,
    ['GET /1', 'SEARCH /2', 'GET /3']
      .map(
        (line, i) => `${line} HTTP/1.1\r\nHost: a\r\n${i === 2 ? 'Connection: close\r\n' : ''}\r\n`,
      )
      .join(''),
  )
  t.is([...answer.matchAll(/HTTP\/1\.1 200/g)].length, 3)
  t.deepEqual(
    sidecar.seen.map(({ url }) => url),
    ['/1', '/2', '/3'],
  )
})

test('a rare request turned away is told why; a client that leaves it frees its place', async t => {
  const controller = await fakeController(t, [entry([], { holdUs: 200_000, queueUs: 200_000 })])
  const edge = await startTestEdge(t, controller.url)
  const port = await portOf(edge)
  const text = 'PROPFIND / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  t.regex(
    await raw(`127.0.0.1:${port}`, text),
    /^HTTP\/1\.1 503 [^]*x-outrigger-reason: no-replica/i,
  )
  controller.set(entry([], { holdUs: 60_000_000 }))
  const socket = connect(port, '127.0.0.1', () => socket.write(text))
  const held = async (): Promise<string> => (await fetch(`http://${edge.admin}/metrics`)).text()
  await until(async () => /outrigger_edge_requests_held\{[^}]*\} 1/.test(await held()), 'held')
  socket.destroy()
  await until(
    async () => /outrigger_edge_requests_held\{[^}]*\} 0/.test(await held()),
    'its place is free',
  )
  t.pass()
})
