import { once } from 'node:events'
import { connect } from 'node:net'
import test from 'ava'
import { ask, listen, raw, sidecar } from './support.ts'

/** Bounds of HTTP/1.1 as they are set, on both carriers. Others: fast.test.ts, overload.test.ts, upgrade.test.ts, h2/guards.test.ts. */
const get = (...lines: string[]): string =>
  ['GET / HTTP/1.1', 'Host: a', 'Connection: close', ...lines, '', ''].join('\r\n')
const headers = (count: number): string[] => Array.from({ length: count }, () => 'A: b')
const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'

for (const carrier of ['fast', 'compat'] as const) {
  test(`${carrier}: bytes of a head, as set`, async t => {
    const { address } = await listen(t, (_request, response) => void response.end('ok'))
    const env = { OUTRIGGER_CARRIER: carrier, OUTRIGGER_HEAD_BYTES: '2000' }
    const { traffic } = await sidecar(t, address, env)
    t.regex(await raw(traffic, get(`A: ${'b'.repeat(1800)}`)), /^HTTP\/1\.1 200 /)
    t.regex(await raw(traffic, get(`A: ${'b'.repeat(2100)}`)), /^HTTP\/1\.1 431 /)
  })

  test(`${carrier}: headers of a head, as set, of an upgrade too`, async t => {
    const { address } = await listen(t, (_request, response) => void response.end('ok'))
    for (const most of [10, 200]) {
      const env = { OUTRIGGER_CARRIER: carrier, OUTRIGGER_MAX_HEADERS: String(most) }
      const { traffic } = await sidecar(t, address, env)
      t.regex(await raw(traffic, get(...headers(most - 2))), /^HTTP\/1\.1 200 /)
      t.regex(await raw(traffic, get(...headers(most - 1))), /^HTTP\/1\.1 431 /)
      // This model takes no upgrade: it answers as if there were none.
      const upgrade = (count: number): Promise<string> =>
        raw(traffic, `${UPGRADE}${headers(count).join('\r\n')}\r\n\r\n`)
      t.regex(await upgrade(most - 3), /^HTTP\/1\.1 200 /)
      t.notRegex(await upgrade(most - 2), /^HTTP\/1\.1 200 /)
    }
  })
}

test('bytes of the head of an answer, as set', async t => {
  const { address } = await listen(t, (request, response) => {
    response.setHeader('x', 'y'.repeat(Number(request.url?.slice(1))))
    response.end('ok')
  })
  const { traffic } = await sidecar(t, address, { OUTRIGGER_HEAD_BYTES: '2000' })
  t.is((await ask(traffic, '/1500')).status, 200)
  t.is((await ask(traffic, '/2100')).status, 502)
})

test('bytes that are kept for all clients together, as set: the next is told 503, and whoever needs none is served', async t => {
  const { address } = await listen(t, (_request, response) => void response.end('ok'))
  const { traffic } = await sidecar(t, address, { OUTRIGGER_KEPT_BYTES: '65536' })
  const begin = async () => {
    const socket = connect({ host: '127.0.0.1', port: Number(traffic.split(':')[1]) })
    socket.on('error', () => undefined)
    await new Promise<void>(resolve => {
      socket.write(`GET / HTTP/1.1\r\nHost: a\r\nA: ${'b'.repeat(14_000)}`, () => resolve())
    })
    return socket
  }
  const first = await begin()
  // Each takes twice its size; what comes after it is read after it.
  t.is((await ask(traffic)).body, 'ok')
  const second = await begin()
  t.is((await ask(traffic)).body, 'ok')
  const [word] = (await once(await begin(), 'data')) as [Buffer]
  t.regex(word.toString(), /^HTTP\/1\.1 503 [^]*"reason":"memory"/)
  t.is((await ask(traffic)).body, 'ok')
  first.write('\r\nConnection: close\r\n\r\n')
  const [answer] = (await once(first, 'data')) as [Buffer]
  t.regex(answer.toString(), /^HTTP\/1\.1 200 /)
  await once(first, 'close')
  const third = await begin()
  third.write('\r\n\r\n')
  t.regex(String(((await once(third, 'data')) as [Buffer])[0]), /^HTTP\/1\.1 200 /)
  third.destroy()
  second.destroy()
})
