import { connect } from 'node:net'
import { once } from 'node:events'
import test from 'ava'
import { Refused, serve, type Route, type Served } from '../../../core/runtime/admin.ts'
import { call } from '../../../core/runtime/call.ts'
import { HEADERS } from '../../../core/model/tables.ts'

let left: () => void = () => {}
const gone = new Promise<void>(resolve => (left = resolve))

const routes: Route[] = [
  { at: 'GET /v1/things', handle: () => ({ status: 200, json: ['a'] }) },
  { at: 'GET /v1/things/:name*', handle: ask => ({ status: 200, json: ask.params }) },
  {
    at: 'PUT /v1/things/:name',
    guarded: true,
    handle: async ask => ({ status: 200, json: await ask.json(100) }),
  },
  { at: 'GET /v1/query', handle: ask => ({ status: 200, json: ask.query.get('since') }) },
  { at: 'GET /page', handle: () => ({ status: 200, body: 'héllo', type: 'text/plain' }) },
  {
    at: 'GET /refused',
    handle: () => {
      throw new Refused(409, 'too late')
    },
  },
  { at: 'GET /wide', handle: () => ({ follow: write => (write({ n: 'héé' }), () => undefined) }) },
  {
    at: 'GET /late',
    async handle() {
      await new Promise(setImmediate)
      return { status: 200, body: 'late', type: 'text/plain' }
    },
  },
  {
    at: 'GET /follow',
    handle: () => ({
      headers: { 'x-now': '7' },
      follow: write => {
        write({ n: 1 })
        write('{"n":2}')
        return left
      },
    }),
  },
]

let served: Served
const at = (path: string): string => `http://${served.address}${path}`
test.before(async () => {
  served = await serve({ host: '127.0.0.1', port: 0, routes, token: 'secret' })
})
test.after.always(() => served.close())

test('routes by method and path, with parameters and queries', async t => {
  t.deepEqual(await call('GET', at('/v1/things')), { status: 200, json: ['a'] })
  t.deepEqual((await call('GET', at('/v1/things/local/di%67its'))).json, { name: 'local/digits' })
  t.is((await call('GET', at('/v1/query?since=a:1'))).json, 'a:1')
  const page = await fetch(at('/page'))
  t.is(await page.text(), 'héllo')
  t.is(page.headers.get('content-type'), 'text/plain')
})

test('an unknown path is 404, a known one with another method 405 that names the right ones', async t => {
  t.is((await call('GET', at('/v2'))).status, 404)
  t.is((await call('GET', at('/v1/things/'))).status, 404)
  const wrong = await fetch(at('/v1/things/a'), { method: 'DELETE' })
  t.is(wrong.status, 405)
  t.is(wrong.headers.get('allow'), 'GET, PUT')
})

test('a guarded route asks for the token', async t => {
  const put = (token?: string): Promise<{ status: number; json: unknown }> =>
    call('PUT', at('/v1/things/a'), {
      json: { a: 1 },
      headers: token === undefined ? {} : { [HEADERS.token]: token },
    })
  t.is((await put()).status, 401)
  t.is((await put('Secret')).status, 401)
  t.is((await put('secret but longer')).status, 401)
  t.deepEqual(await put('secret'), { status: 200, json: { a: 1 } })
})

test('a body that is no JSON is 400, one that is too large 413, and both are told', async t => {
  const headers = { [HEADERS.token]: 'secret' }
  const bad = await fetch(at('/v1/things/a'), { method: 'PUT', body: '{', headers })
  t.is(bad.status, 400)
  t.deepEqual(await bad.json(), { error: 'the body is not JSON' })
  const large = await fetch(at('/v1/things/a'), {
    method: 'PUT',
    body: 'x'.repeat(3_000_000),
    headers,
  })
  t.is(large.status, 413)
  t.deepEqual(await large.json(), { error: 'a body may have at most 100 bytes' })
})

test('what a handler refuses is answered with its status and why', async t => {
  t.deepEqual(await call('GET', at('/refused')), { status: 409, json: { error: 'too late' } })
})

test('a path that is no path is 400', async t => {
  t.is((await call('GET', at('/v1/things/%ff'))).status, 400)
  t.is(await statusOf('GET // HTTP/1.1'), 400)
})

async function statusOf(requestLine: string): Promise<number> {
  const socket = connect(served.port, '127.0.0.1')
  socket.write(`${requestLine}\r\nhost: a\r\nconnection: close\r\n\r\n`)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await once(socket, 'close')
  return Number(text.split(' ')[1])
}

test('a followed stream sends lines as they come, and learns when its reader has gone', async t => {
  const stop = new AbortController()
  const response = await fetch(at('/follow'), { signal: stop.signal })
  t.is(response.headers.get('x-now'), '7')
  let text = ''
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  while (text.split('\n').length < 3) text += (await reader?.read())?.value ?? ''
  t.is(text, '{"n":1}\n{"n":2}\n')
  stop.abort()
  await gone
  t.pass()
})

/** What comes back on a connection until `enough`, without the heads. */
async function bodies(requests: string, enough: (text: string) => boolean): Promise<string> {
  const socket = connect(served.port, '127.0.0.1')
  socket.write(requests)
  let text = ''
  while (!enough(text)) text += ((await once(socket, 'data')) as [Buffer]).toString()
  socket.destroy()
  return text.replaceAll(/HTTP\/1\.1 (?:.+\r\n)+\r\n/g, '|')
}

test('its lines are chunks by their bytes, as they are for HTTP/1.0, and wait for their turn', async t => {
  const line = 'e\r\n{"n":"héé"}\n\r\n'
  const get = (path: string, version: string): string =>
    `GET ${path} HTTP/${version}\r\nhost: a\r\n\r\n`
  const done = (text: string): boolean => text.endsWith('"héé"}\n') || text.endsWith('"héé"}\n\r\n')
  t.is(await bodies(get('/wide', '1.1'), done), `|${line}`)
  t.is(await bodies(get('/wide', '1.0'), done), '|{"n":"héé"}\n')
  t.is(await bodies(get('/late', '1.1') + get('/wide', '1.1'), done), `|late|${line}`)
})

test('[::] is both families, or what the machine has', async t => {
  const any = await serve({ host: '::', port: 0, routes })
  t.teardown(any.close)
  t.true(['[::]', '0.0.0.0'].includes(any.host))
  t.is((await call('GET', `http://127.0.0.1:${any.port}/v1/things`)).status, 200)
  const taken = serve({ host: '::', port: any.port, routes })
  t.is((await t.throwsAsync<NodeJS.ErrnoException>(taken)).code, 'EADDRINUSE')
})

test('a port that is taken rejects with the system error', async t => {
  const error = await t.throwsAsync<NodeJS.ErrnoException>(
    serve({ host: '127.0.0.1', port: served.port, routes }),
  )
  t.is(error.code, 'EADDRINUSE')
})

test('an IPv6 address is written in brackets', async t => {
  const six = await serve({ host: '::1', port: 0, routes }).catch(() => null)
  if (six === null) {
    t.pass('this machine has no IPv6')
    return
  }
  t.is(six.address, `[::1]:${six.port}`)
  t.is((await call('GET', `http://${six.address}/v1/things`)).status, 200)
  await six.close()
})
