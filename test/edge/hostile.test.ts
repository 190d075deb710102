import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { raw } from '../sidecar/support.ts'
import { entry, fakeController, portOf, startTestEdge, until } from './bench.ts'
import type { FakeSidecar } from './fake-sidecar.ts'

/** An edge in front of a replica that says whatever it is told to, to each head that it gets. */
async function before(t: ExecutionContext, answer: (head: string, socket: Socket) => void) {
  const server = createServer(socket => {
    let got = ''
    socket.on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => {
      got += bytes.toString('latin1')
      if (!got.includes('\r\n\r\n')) return
      answer(got, socket)
      got = ''
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const controller = await fakeController(t, [entry([{ address, limit: 50 } as FakeSidecar])])
  return portOf(await startTestEdge(t, controller.url))
}

const named = (head: string): string =>
  `HTTP/1.1 200 OK\r\nX-Asked: ${head.split('\r\n')[0]}\r\nContent-Length: 0\r\n\r\n`
const RARE = 'SEARCH /first HTTP/1.1\r\nHost: a\r\n\r\n'
const CLOSING = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const UPGRADE = 'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

for (const [what, next] of Object.entries({
  'a line that is none': 'GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n',
  CONNECT: 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n',
  'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a WebSocket': UPGRADE,
})) {
  test(`behind a rare request ${what} is not answered in its place`, async t => {
    const port = await before(
      t,
      (head, socket) => void setTimeout(() => socket.write(named(head)), 50),
    )
    const got = await raw(
      `127.0.0.1:${port}`,
      `${RARE}${next}GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    )
    t.regex(got, /^(HTTP\/1\.1 200 OK\r\nX-Asked: SEARCH |$)/)
  })
}

test('an upgrade to something else is a request without it, rare or not', async t => {
  const heads: string[] = []
  const port = await before(t, (head, socket) => {
    heads.push(head)
    socket.write(named(head))
  })
  for (const to of ['h2c', 'outrigger-lane']) {
    const rest = `Host: a\r\nConnection: Upgrade, close\r\nUpgrade: ${to}\r\n\r\n`
    for (const line of ['GET /a', 'GET /a|b', 'SEARCH /a']) {
      const got = await raw(`127.0.0.1:${port}`, `${line} HTTP/1.1\r\n${rest}`)
      t.regex(got, /^HTTP\/1\.1 200 /, `${line} ${to}`)
    }
  }
  for (const head of heads) t.notRegex(head, /upgrade/i)
})

test('nothing behind an upgrade that is left is read as a request, be it half of one', async t => {
  const heads: string[] = []
  const port = await before(t, (head, socket) => {
    heads.push(head)
    setTimeout(() => socket.write(named(head)), 50)
  })
  const client = connect(port, '127.0.0.1')
  client.resume()
  const body = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
  const rest = `POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`
  client.write(
    `SEARCH /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n${rest}`,
  )
  await until(() => heads.length > 0, 'the first is there')
  client.write(body)
  await once(client, 'close')
  t.deepEqual(
    heads.map(head => head.split(' ')[1]),
    ['/a'],
  )
})

test('a client that leaves before its upgrade is answered leaves nothing behind', async t => {
  let asked: Socket | null = null
  const port = await before(t, (_head, socket) => (asked = socket))
  const client = connect(port, '127.0.0.1', () => client.write(`${UPGRADE}early`))
  await until(() => asked !== null, 'the upgrade is asked for')
  client.destroy()
  await once(asked as unknown as Socket, 'close')
  t.pass()
})

test('what comes before an upgrade is answered comes after it; its headers come as they were', async t => {
  let got = ''
  const port = await before(t, (head, socket) => {
    socket.on('data', (bytes: Buffer) => (got += bytes.toString('latin1')))
    if (head.startsWith('GET')) {
      socket.write(
        'HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nA: \xe9\r\n\r\n',
        'latin1',
      )
    }
  })
  const client = connect(port, '127.0.0.1', () => {
    client.write(`${UPGRADE}one;`)
    client.write('two;')
  })
  const [answer] = (await once(client, 'data')) as [Buffer]
  t.regex(answer.toString('latin1'), /^HTTP\/1\.1 101 [^]*\r\nA: \xe9\r\n/)
  client.write('three;')
  await until(() => got.endsWith('three;'), 'all of it')
  t.true(got.endsWith('one;two;three;'), got)
  client.destroy()
})

test('who waits for a 100 that was never said is not kept: its body may not come', async t => {
  const gone = Array.from({ length: 40 }, (_, i) => ({
    replica: `r${i}`,
    address: `127.0.0.${i + 1}:1`,
    ready: true,
    revision: 'r1',
  }))
  const soon = { holdUs: 300_000, queueUs: 300_000, replicas: gone }
  const controller = await fakeController(t, [entry([], soon)])
  const port = await portOf(await startTestEdge(t, controller.url))
  for (const method of ['POST', 'PROPFIND']) {
    const head = `${method} / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`
    // More than there are retries: some are told 502.
    const got = await Promise.all(Array.from({ length: 40 }, () => raw(`127.0.0.1:${port}`, head)))
    for (const text of got) t.regex(text, /^HTTP\/1\.1 50[23] [^]*\r\nconnection: close\r\n/i)
    t.true(method !== 'POST' || got.some(text => text.startsWith('HTTP/1.1 502 ')))
  }
})

test('a client whose upgrade is refused is cut off if it does not go, and may break', async t => {
  const port = await before(t, (head, socket) => void socket.write(named(head)))
  const noHost = 'GET /a|b HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  const breaks = connect(port, '127.0.0.1', () => breaks.write(noHost))
  await once(breaks, 'data')
  breaks.resetAndDestroy()
  const stays = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  stays.write(noHost)
  stays.on('error', () => undefined)
  // Its half stays open: it sends on and on.
  const timer = setInterval(() => stays.write('x'), 20)
  t.teardown(() => clearInterval(timer))
  stays.resume()
  await new Promise(resolve => stays.once('close', resolve))
  t.regex(await raw(`127.0.0.1:${port}`, CLOSING), /^HTTP\/1\.1 200 /)
})
