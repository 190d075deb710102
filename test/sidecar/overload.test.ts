import { once } from 'node:events'
import { Agent, type RequestOptions, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import {
  ask,
  ENDPOINT,
  listen,
  order,
  put,
  recorder,
  samplesUntil,
  sidecar,
  signing,
} from './support.ts'

/** A model that answers when it is told to. */
async function held(t: ExecutionContext, env: Record<string, string>) {
  const waiting: ServerResponse[] = []
  const origin = await recorder(t, (_request, response) => void waiting.push(response))
  const started = await sidecar(t, origin.address, env)
  t.teardown(() => waiting.forEach(response => response.destroy()))
  return { ...started, origin, waiting }
}

const pass = (until = Date.now() + 60_000, endpoint = ENDPOINT): string =>
  Buffer.from(JSON.stringify(signing.pass({ edge: 'edge-1', endpoint, until }))).toString(
    'base64url',
  )

test('a full queue answers 429 at once, and a queue deadline answers it later', async t => {
  const { traffic, admin } = await held(t, {
    OUTRIGGER_FIRST_LIMIT: '1',
    OUTRIGGER_FIRST_QUEUE_MS: '1500',
  })
  const inFlight = ask(traffic)
  inFlight.catch(() => undefined)
  await samplesUntil(admin, all => all.at(-1)?.inFlight.end === 1)
  const short = ask(traffic, '/', { headers: { 'x-outrigger-deadline-ms': '10' } })
  t.is((await short).headers['x-outrigger-reason'], 'late')
  // ceil(1 / 2) + 4 wait, the sixth is one too many.
  const queued = Array.from({ length: 6 }, () => ask(traffic))
  const full = await Promise.race(queued)
  t.is(full.status, 429)
  t.is(full.headers['x-outrigger-reason'], 'full')
  t.regex(String(full.headers['retry-after']), /^([1-9]|[12]\d|30)$/)
  t.is((JSON.parse(full.body) as { error: { reason: string } }).error.reason, 'full')
  const others = await Promise.all(queued)
  t.is(others.filter(one => one.headers['x-outrigger-reason'] === 'late').length, 5)
  const late = others.find(one => one.headers['x-outrigger-reason'] === 'late')
  t.true(Number(late?.headers['retry-after']) > 0)
})

test('gRPC is told RESOURCE_EXHAUSTED', async t => {
  const { traffic, admin } = await held(t, {
    OUTRIGGER_FIRST_LIMIT: '1',
    OUTRIGGER_FIRST_QUEUE_MS: '0',
  })
  ask(traffic).catch(() => undefined)
  await samplesUntil(admin, all => all.at(-1)?.inFlight.end === 1)
  const { status, headers } = await ask(traffic, '/', {
    method: 'POST',
    headers: { 'content-type': 'application/grpc+proto' },
  })
  t.is(status, 200)
  t.is(headers['grpc-status'], '8')
  t.is(headers['content-type'], 'application/grpc')
})

test('an edge is never queued, and each answer tells it the slots', async t => {
  const { traffic, admin, origin, waiting } = await held(t, { OUTRIGGER_FIRST_LIMIT: '1' })
  const headers = { 'x-outrigger-pass': pass() }
  const first = ask(traffic, '/', { headers })
  await samplesUntil(admin, all => all.at(-1)?.inFlight.end === 1)
  const second = await ask(traffic, '/', { headers })
  t.is(second.status, 429)
  t.is(second.headers['x-outrigger-reason'], 'no-slot')
  t.is(second.headers['x-outrigger-slots'], '1;1')
  waiting[0]?.end('ok')
  const answered = await first
  t.is(answered.status, 200)
  t.regex(String(answered.headers['x-outrigger-slots']), /^1;[01]$/)
  t.false('x-outrigger-pass' in (origin.requests[0]?.headers ?? {}))
  const samples = await samplesUntil(admin, all => all.some(s => s.completed.ok === 1))
  const total = (of: 'offered' | 'attempts'): number => samples.reduce((n, s) => n + s[of], 0)
  t.is(total('offered'), 0)
  t.is(total('attempts'), 2)
})

test('the answer to a pass tells a word that stands for it on that connection', async t => {
  const origin = await recorder(t, (_request, response) => void response.end('ok'))
  const { traffic } = await sidecar(t, origin.address)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const show = (text: string, over: RequestOptions = { agent }, path = '/') =>
    ask(traffic, path, { headers: { 'x-outrigger-pass': text }, ...over })
  const word = String((await show(pass())).headers['x-outrigger-pass'])
  const { headers } = await show(word)
  t.true('x-outrigger-slots' in headers)
  t.false('x-outrigger-pass' in headers)
  // What node:http reads is of the same connection.
  const rare = await show(word, { agent }, '/|')
  t.true('x-outrigger-slots' in rare.headers)
  t.true('x-outrigger-waited-us' in (await show(word, {})).headers)
  t.true(origin.requests.every(one => !('x-outrigger-pass' in one.headers)))
})

test('a pass that is expired, for another endpoint or forged makes a client of its bearer', async t => {
  const { traffic, admin, waiting, origin } = await held(t, { OUTRIGGER_FIRST_LIMIT: '4' })
  const forged = `${pass().slice(0, -8)}AAAAAAAA`
  const passes = [pass(Date.now() - 1), pass(undefined, 'local/other'), forged, 'x']
  const asked = passes.map(text => ask(traffic, '/', { headers: { 'x-outrigger-pass': text } }))
  while (waiting.length < 4) await once(origin.server, 'request')
  waiting.forEach(response => response.end())
  for (const { headers } of await Promise.all(asked)) t.false('x-outrigger-slots' in headers)
  const samples = await samplesUntil(admin, all => all.some(s => s.completed.ok > 0))
  t.is(
    samples.reduce((n, s) => n + s.offered, 0),
    4,
  )
})

test('an order that raises the limit lets the queue go in order of arrival', async t => {
  const { traffic, admin, origin } = await held(t, {
    OUTRIGGER_FIRST_LIMIT: '1',
    OUTRIGGER_FIRST_QUEUE_MS: '60000',
  })
  const paths = ['/0', '/1', '/2', '/3']
  for (const path of paths) {
    ask(traffic, path).catch(() => undefined)
    await samplesUntil(admin, all => {
      const last = all.at(-1)
      return last !== undefined && last.inFlight.end + last.queued.end === paths.indexOf(path) + 1
    })
  }
  await put(admin, '/v1/order', order(1, { limit: 3 }))
  await samplesUntil(admin, all => all.at(-1)?.inFlight.end === 3)
  t.deepEqual(
    origin.requests.map(r => r.url),
    ['/0', '/1', '/2'],
  )
})

test('connects that come at once all stand at once: none has to wait until it is asked again', async t => {
  const { address } = await listen(t, (_request, response) => void response.end('ok'))
  const { traffic } = await sidecar(t, address)
  const port = Number(traffic.split(':')[1])
  // In one turn of the event loop: nothing is accepted before all have come.
  const sockets = Array.from({ length: 900 }, () => connect(port, '127.0.0.1'))
  t.teardown(() => sockets.forEach(socket => socket.destroy()))
  await Promise.race(sockets.map(socket => once(socket, 'connect')))
  // What did not fit is asked again by the system after a second: long after this is answered.
  t.is((await ask(traffic)).body, 'ok')
  t.is(sockets.filter(socket => socket.connecting).length, 0)
})
