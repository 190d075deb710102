import { once } from 'node:events'
import { Agent } from 'node:http'
import test from 'ava'
import { ask, listen, raw, recorder, sidecar, whole } from './support.ts'

test('keeps connections both ways, and the path and the query as they are', async t => {
  const origin = await recorder(t)
  const { traffic } = await sidecar(t, origin.address)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const sockets = new Set<unknown>()
  agent.on('free', socket => sockets.add(socket))
  for (let i = 0; i < 5; i++) {
    t.is((await ask(traffic, '//a/../b//?x=%2F&&y', { agent })).body, 'ok')
  }
  t.is(sockets.size, 1)
  const paths = origin.requests.map(r => r.url)
  t.deepEqual(paths, Array(5).fill('//a/../b//?x=%2F&&y'))
  t.is(new Set(origin.requests.map(r => r.connection)).size, 1)
})

test('speaks IPv6 on both sides', async t => {
  const { address } = await listen(t, (_request, response) => void response.end('six'), '::1')
  const { traffic } = await sidecar(t, address, { OUTRIGGER_TRAFFIC: '[::1]:0' })
  t.is((await ask(traffic)).body, 'six')
})

test('a pod with two addresses is reached at each; both or none are taken', async t => {
  const { address } = await listen(t, (_request, response) => void response.end('ok'))
  const taken = await listen(t, (_request, response) => void response.end('other'), '127.0.0.2')
  const port = new URL(`http://${taken.address}`).port
  const env = { OUTRIGGER_TRAFFIC: `127.0.0.1,127.0.0.2:${port}` }
  const error = await t.throwsAsync(sidecar(t, address, env), { code: 'EADDRINUSE' })
  t.regex(error.message, /127\.0\.0\.2/)
  taken.server.close()
  await once(taken.server, 'close')
  const { stop } = await sidecar(t, address, env)
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  for (const host of ['127.0.0.1', '127.0.0.2'])
    t.is((await ask(`${host}:${port}`, '/', { agent })).body, 'ok')
  await stop()
  for (const host of ['127.0.0.1', '127.0.0.2'])
    await t.throwsAsync(ask(`${host}:${port}`), { code: 'ECONNREFUSED' })
})

test('HEAD, 204 and 304 end without a body', async t => {
  const { address } = await listen(t, (request, response) => {
    if (request.method === 'HEAD') response.setHeader('content-length', '1000').end()
    // The sidecar looks for an engine's /metrics, too.
    else response.writeHead(Number(request.url?.slice(1)) || 404, { etag: '"a"' }).end()
  })
  const { traffic } = await sidecar(t, address)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const head = await ask(traffic, '/', { method: 'HEAD', agent })
  t.is(head.headers['content-length'], '1000')
  for (const status of [204, 304, 200]) {
    const got = await ask(traffic, `/${status}`, { agent })
    t.is(got.status, status)
    t.is(got.body, '')
    t.is(got.headers.etag, '"a"')
  }
})

test('answers HTTP/1.0 without chunks', async t => {
  const { address } = await listen(t, (_request, response) => {
    response.write('a')
    setImmediate(() => response.end('b'))
  })
  const { traffic } = await sidecar(t, address)
  const text = await raw(traffic, 'GET / HTTP/1.0\r\n\r\n')
  t.regex(text, /\r\n\r\nab$/)
  t.notRegex(text, /chunked/i)
})

test('100-continue comes with admission, and the model never sees the expectation', async t => {
  const origin = await recorder(t)
  const { traffic } = await sidecar(t, origin.address)
  const text = await raw(
    traffic,
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi',
  )
  t.regex(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
  t.is(origin.requests[0]?.body, 'hi')
  t.false('expect' in (origin.requests[0]?.headers ?? {}))
})

test('an answer keeps what is end-to-end, and repeated headers', async t => {
  const { address } = await listen(t, (_request, response) => {
    response.setHeader('set-cookie', ['a=1', 'b=2'])
    response.setHeader('connection', 'close, x-hop')
    response.setHeader('x-hop', '1')
    response.setHeader('x-outrigger-slots', '99;0')
    response.writeHead(201, 'Made').end('x')
  })
  const { traffic } = await sidecar(t, address)
  const { status, headers } = await ask(traffic)
  t.is(status, 201)
  t.deepEqual(headers['set-cookie'], ['a=1', 'b=2'])
  t.false('x-hop' in headers)
  t.false('x-outrigger-slots' in headers)
  t.is(headers['x-outrigger-waited-us'], '0')
})

test('health paths pass without a slot and are no demand', async t => {
  const { promise: hold, resolve: release } = Promise.withResolvers<void>()
  const { address } = await listen(t, (request, response) => {
    if (request.url === '/slow') void hold.then(() => response.end('done'))
    else response.end(request.url)
  })
  const { traffic, admin } = await sidecar(t, address, { OUTRIGGER_FIRST_LIMIT: '1' })
  const slow = ask(traffic, '/slow')
  t.is((await ask(traffic, '/healthz?x=1')).body, '/healthz?x=1')
  release()
  t.is((await slow).body, 'done')
  const { body } = await ask(admin, '/healthz')
  t.deepEqual(JSON.parse(body), { ok: true })
})

test('a model that answers before it has read everything', async t => {
  const { address } = await listen(t, (_request, response) => {
    response.writeHead(413).end('too much')
  })
  const { traffic } = await sidecar(t, address)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const body = Buffer.alloc(3_000_000)
  for (let i = 0; i < 3; i++) {
    const got = await ask(traffic, '/', { method: 'POST', body, agent })
    t.is(got.status, 413)
    t.is(got.body, 'too much')
  }
})

test('a body that stops coming is answered 408, and its slot is free again', async t => {
  const { address } = await listen(t, (request, response) => {
    void whole(request).then(
      () => response.end('ok'),
      () => response.destroy(),
    )
  })
  const { traffic } = await sidecar(t, address, {
    OUTRIGGER_FIRST_LIMIT: '1',
    OUTRIGGER_BODY_TIMEOUT: '100',
  })
  const text = await raw(traffic, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab')
  t.regex(text, /^HTTP\/1\.1 408 /)
  t.is((await ask(traffic)).body, 'ok')
})
