import { Agent } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { connect } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import {
  namesOf,
  renewed,
  type Certificates,
} from '../../../controller/kubernetes/webhook/certificates.ts'
import { WebhookFigures } from '../../../controller/kubernetes/webhook/figures.ts'
import { MOST_BYTES } from '../../../controller/kubernetes/webhook/body.ts'
import { startWebhook, type WebhookOptions } from '../../../controller/kubernetes/webhook/server.ts'
import { ask, reviewOf, type Sending } from './support/webhook-client.ts'

const DAY = 86_400_000
const wanted = (now: number, published: string | null = null) => ({
  names: namesOf('outrigger-webhook', 'outrigger-system'),
  now,
  published,
  tag: () => `${now}`,
})
const certificates = renewed(null, wanted(Date.now()))
const ca = certificates.bundle
let unready: string | null = null

async function webhook(t: ExecutionContext, over: Partial<WebhookOptions> = {}) {
  const figures = new WebhookFigures()
  const failures: unknown[] = []
  const server = await startWebhook({
    host: '127.0.0.1',
    port: 0,
    serving: certificates.serving,
    inject: () => ({ patch: [{ op: 'add', path: '/metadata/labels/a', value: 'b' }] }),
    scaled: () => ({}),
    failed: (_, error) => void failures.push(error),
    unready: () => null,
    figures,
    log: () => undefined,
    us: () => Math.round(performance.now() * 1000),
    ...over,
  })
  t.teardown(() => server.close())
  const post = (body: string | Buffer, over: Partial<Sending> = {}) =>
    ask({ port: server.port, ca, body, ...over })
  return { server, post, figures, failures }
}

test('a review is answered with its uid, a JSON patch, short warnings and what it is for the audit log', async t => {
  const long = `${'x'.repeat(300)}\n\u0000`
  const words = 'a sentence that is told in several lines, for its fix is at the end. '.repeat(4)
  const { post } = await webhook(t, {
    inject: () => ({
      patch: [{ op: 'add', path: '/a', value: 1 }],
      warnings: [
        long,
        long,
        words,
        'short',
        '',
        ...Array.from({ length: 100 }, (_, i) => `${i}${long}`),
      ],
      audit: { verdict: 'injected' },
    }),
  })
  const { status, json, headers } = await post(JSON.stringify(reviewOf()))
  t.is(status, 200)
  t.is(headers['content-type'], 'application/json')
  t.is(json.apiVersion, 'admission.k8s.io/v1')
  t.is(json.kind, 'AdmissionReview')
  const { uid, allowed, patchType, patch = '', warnings = [], auditAnnotations } = json.response
  t.is(uid, '705ab4f5-6393-11e8-b7cc-42010a800002')
  t.true(allowed)
  t.is(patchType, 'JSONPatch')
  t.deepEqual(JSON.parse(Buffer.from(patch, 'base64').toString()), [
    { op: 'add', path: '/a', value: 1 },
  ])
  t.deepEqual(auditAnnotations, { verdict: 'injected' })
  t.true(warnings.every(line => line.length <= 120 && !/\p{Cc}/u.test(line)))
  t.true(warnings.reduce((sum, line) => sum + Buffer.byteLength(line), 0) <= 4096)
  t.true(warnings.join(' ').includes(words.trim()))
  t.true(warnings.length > 20 && warnings.includes('short'))
})

test('no patch, no warning: nothing but allowed', async t => {
  const { post } = await webhook(t)
  const { json } = await post(JSON.stringify(reviewOf()), { path: '/scaled' })
  t.deepEqual(json.response, { uid: '705ab4f5-6393-11e8-b7cc-42010a800002', allowed: true })
})

test('garbage gets a status and words', async t => {
  const { post, figures } = await webhook(t)
  const good = JSON.stringify(reviewOf())
  const plain = { 'content-type': 'text/plain' }
  const cases: [number, RegExp, string | Buffer, Partial<Sending>][] = [
    [400, /expected an AdmissionReview in JSON/, '', {}],
    [400, /expected an AdmissionReview in JSON/, '{', {}],
    [400, /the whole: expected a mapping, got null/, 'null', {}],
    [400, /the whole: expected a mapping, got a list of 0/, '[]', {}],
    [400, /apiVersion: .*kind: .*request: expected a mapping, got nothing/, '{}', {}],
    [400, /v1beta1/, good.replace('.io/v1"', '.io/v1beta1"'), {}],
    [400, /request.uid: expected a string/, JSON.stringify(reviewOf({ uid: 7 })), {}],
    [400, /request.object: expected a mapping/, JSON.stringify(reviewOf({ object: 'x' })), {}],
    [400, /expected UTF-8/, Buffer.from('{"a":"\xff"}', 'latin1'), {}],
    [415, /expected application\/json, got text\/plain/, good, { headers: plain }],
    [404, /expected \/inject, \/scaled/, good, { path: '/elsewhere' }],
    [405, /expected POST, got GET/, '', { method: 'GET' }],
    [405, /expected GET, got POST/, '', { path: '/readyz' }],
    [413, /at most 3145728 bytes/, 'x'.repeat(MOST_BYTES + 1), {}],
    [413, /at most 3145728 bytes/, 'x'.repeat(2 * MOST_BYTES), {}],
  ]
  for (const [status, words, body, over] of cases) {
    const answered = await post(body, over)
    t.is(answered.status, status, String(body).slice(0, 60))
    t.regex(answered.json.error, words)
  }
  t.is((await post(good)).status, 200, 'and still works')
  const { refused, took } = figures.numbers()
  t.deepEqual(refused, { 400: 9, 404: 1, 405: 2, 413: 2, 415: 1 })
  t.is(took.count, 1)
})

test('slow clients with large bodies are turned away before memory is full; pods are still answered', async t => {
  const { server, post, figures } = await webhook(t)
  const size = MOST_BYTES - 1
  const part = Buffer.alloc(size, ' ')
  const lines: string[] = []
  const slow = Array.from({ length: 30 }, () => {
    const socket = connect({
      host: '127.0.0.1',
      port: server.port,
      ca,
      servername: 'outrigger-webhook',
    })
    t.teardown(() => socket.destroy())
    socket.on('error', () => undefined)
    const head = ['POST /inject HTTP/1.1', 'host: a', 'content-type: application/json']
    socket.write(`${head.join('\r\n')}\r\ncontent-length: ${size + 1}\r\n\r\n`)
    socket.write(part)
    return new Promise<void>(resolve => {
      socket.on('data', (text: Buffer) => void lines.push(text.toString().slice(0, 12)))
      socket.on('close', () => resolve())
    })
  })
  await Promise.race(slow)
  t.is(lines[0], 'HTTP/1.1 503')
  t.is((await post(JSON.stringify(reviewOf()))).status, 200)
  t.true((figures.numbers().refused[503] ?? 0) > 0)
})

test('whatever AdmissionReview arrives: 200 that allows, or 400 with words', async t => {
  const { post } = await webhook(t, {
    inject: request => ({ warnings: [JSON.stringify(request.object)], patch: [] }),
  })
  const agent = new Agent({ keepAlive: true })
  const seen = new Set<number>()
  const value = fc.jsonValue({ maxDepth: 3 })
  const field = fc.constantFrom(...Object.keys(reviewOf().request), '__proto__', 'other')
  const broken = fc
    .array(fc.tuple(field, value), { maxLength: 3 })
    .map(fields => JSON.stringify(reviewOf(Object.fromEntries(fields))))
  const cut = fc
    .integer({ min: 0, max: 900 })
    .map(length => JSON.stringify(reviewOf()).slice(0, length))
  const any = fc.oneof(broken, cut, fc.json(), fc.string())
  await fc.assert(
    fc.asyncProperty(any, async body => {
      const { status, json } = await post(body, { agent })
      seen.add(status)
      return status === 200 ? json.response.allowed === true : status === 400 && json.error !== ''
    }),
    { numRuns: 300 },
  )
  t.deepEqual([...seen].sort(), [200, 400])
  agent.destroy()
})

test('our own failing lets pass: said, counted, never a refusal', async t => {
  const { post, figures, failures } = await webhook(t, {
    inject: () => {
      throw new Error('a bug')
    },
    scaled: () => ({ patch: [1n] }),
    failed: () => {
      throw new Error('another bug')
    },
  })
  for (const path of ['/inject', '/scaled']) {
    const { status, json } = await post(JSON.stringify(reviewOf()), { path })
    t.is(status, 200)
    t.true(json.response.allowed)
    t.is(json.response.patch, undefined)
    t.regex(json.response.warnings?.[0] ?? '', /outrigger failed, and let this pass unchanged/)
  }
  t.is(figures.numbers().failed, 2)
  t.deepEqual(failures, [])
})

test('nobody is told of a failure in a dry run', async t => {
  const { post, failures } = await webhook(t, {
    inject: () => {
      throw new Error('a bug')
    },
  })
  await post(JSON.stringify(reviewOf({ dryRun: true })))
  t.is(failures.length, 0)
  await post(JSON.stringify(reviewOf({ dryRun: false })))
  t.is(failures.length, 1)
})

test('health, and readiness that tells API servers to come anew', async t => {
  const { post } = await webhook(t, { unready: () => unready })
  const get = (path: string) => post('', { path, method: 'GET' })
  t.is((await get('/healthz')).status, 200)
  t.is((await get('/readyz?x=1')).status, 200)
  unready = 'it ends'
  t.is((await get('/healthz')).status, 200)
  const { status, json } = await get('/readyz')
  t.is(status, 503)
  t.is(json.why, 'it ends')
  const agent = new Agent({ keepAlive: true })
  const last = await post(JSON.stringify(reviewOf()), { agent })
  t.is(last.status, 200, 'one that comes late is answered')
  t.is(last.headers.connection, 'close')
  agent.destroy()
})

test('a request that never ends is ended; plain HTTP and strangers to the authority get nowhere', async t => {
  const { server, post, figures } = await webhook(t, { requestTimeoutMs: 1500 })
  const socket = connect({
    port: server.port,
    host: '127.0.0.1',
    ca,
    servername: 'outrigger-webhook',
  })
  socket.write('POST /inject HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n')
  socket.write('content-length: 100\r\n\r\n{')
  const text = await new Promise<string>(resolve => {
    let all = ''
    socket.on('data', part => (all += String(part)))
    socket.on('close', () => resolve(all))
    socket.on('error', () => resolve(all))
  })
  t.regex(text, /^HTTP\/1\.1 408 /)
  const other = renewed(null, wanted(Date.now())).bundle
  const body = JSON.stringify(reviewOf())
  await t.throwsAsync(post(body, { ca: other }), { message: /certificate/ })
  await t.throwsAsync(post(body, { servername: 'elsewhere.example' }), { message: /altnames/ })
  const plain = connectPlain({ port: server.port, host: '127.0.0.1' })
  plain.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await new Promise<void>(resolve =>
    plain.on('close', () => resolve()).on('error', () => resolve()),
  )
  t.true(figures.numbers().handshakes >= 1)
  t.is((await post(body)).status, 200)
})

test('rotation with real handshakes: any replica of yesterday or today, any caBundle of either', async t => {
  const { server } = await webhook(t)
  const now = Date.now()
  const authorities = new Set<string>()
  // Day 0 of an installation is so far back that today is the day of interest: OpenSSL's clock is the real one.
  for (const days of [1, 61, 1460, 1461, 1462, 1826]) {
    const [yesterday, today] = livedThrough(now, days)
    for (const { serving } of [yesterday, today]) {
      server.serve(serving)
      for (const { bundle } of [yesterday, today]) {
        t.is(await handshakeWith(server.port, bundle), '', `after ${days} days`)
      }
    }
    authorities.add(today.authority.cert)
    // The authority of another installation is none.
    t.not(await handshakeWith(server.port, ca), '')
  }
  t.is(authorities.size, 6, 'each installation made its own')
})

/** The certificates of an installation of that age, yesterday and today. */
function livedThrough(now: number, days: number): [Certificates, Certificates] {
  let [yesterday, today] = [null as Certificates | null, null as Certificates | null]
  for (let day = days; day >= 0; day--) {
    yesterday = today
    today = renewed(today, wanted(now - day * DAY, yesterday?.bundle ?? null))
  }
  if (yesterday === null || today === null) throw new Error('expected a day at least')
  return [yesterday, today]
}

function handshakeWith(port: number, ca: string): Promise<string> {
  return new Promise(resolve => {
    const servername = 'outrigger-webhook.outrigger-system.svc'
    const socket = connect({ port, host: '127.0.0.1', ca, servername, rejectUnauthorized: false })
    socket.on('secureConnect', () => {
      const { authorizationError } = socket
      socket.destroy()
      resolve(authorizationError == null ? '' : String(authorizationError))
    })
    socket.on('error', error => resolve(String(error)))
  })
}
