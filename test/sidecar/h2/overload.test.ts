import { status, type ServiceError } from '@grpc/grpc-js'
import test from 'ava'
import { ENDPOINT, samplesUntil, sidecar, signing } from '../support.ts'
import { grpcClient, grpcModel, unary } from './calls.ts'
import { GRPC, h2Ask, h2Client, h2Model, until } from './support.ts'

const one = { OUTRIGGER_FIRST_LIMIT: '1', OUTRIGGER_FIRST_QUEUE_MS: '0' }

test('gRPC is turned away by trailers alone, with when to come again; all else by 429', async t => {
  const model = await h2Model(t, () => undefined)
  const { traffic, admin } = await sidecar(t, model.address, one)
  const session = h2Client(t, traffic)
  void h2Ask(session, GRPC, 'held')
  await samplesUntil(admin, all => all.at(-1)?.inFlight.end === 1)
  const { headers, trailers, body, ...call } = await h2Ask(session, GRPC, 'too many')
  t.deepEqual([call.status, body, trailers, call.code], [200, '', {}, 0])
  t.is(headers['grpc-status'], '8')
  t.is(headers['x-outrigger-reason'], 'late')
  t.is(headers['grpc-message'], 'The model is busy: no slot came free in time.')
  // Nothing has drained yet.
  t.is(headers['grpc-retry-pushback-ms'], '30000')
  const other = await h2Ask(session, { ':path': '/x' })
  t.is(other.status, 429)
  t.is(other.headers['retry-after'], '30')
  t.is((JSON.parse(other.body) as { error: { reason: string } }).error.reason, 'late')
  t.is(model.streams.length, 1)
})

test("gRPC's own retries heed the pushback", async t => {
  const held: (() => void)[] = []
  let asked = 0
  const { address } = await grpcModel(t, {
    Unary(call, answer) {
      asked++
      if (call.request.toString() === 'hold') held.push(() => answer(null, call.request))
      else answer(null, call.request)
    },
  })
  const { traffic, admin } = await sidecar(t, address, one)
  const client = grpcClient(t, traffic, {
    'grpc.service_config': JSON.stringify({
      methodConfig: [
        {
          name: [{ service: 'test.Model' }],
          retryPolicy: {
            maxAttempts: 5,
            // Without a pushback the second attempt would come after this test.
            initialBackoff: '100s',
            maxBackoff: '100s',
            backoffMultiplier: 1,
            retryableStatusCodes: ['RESOURCE_EXHAUSTED'],
          },
        },
      ],
    }),
  })
  // So many in a second that a slot comes free within the next ones.
  for (let i = 0; i < 5; i++) await unary(client, Buffer.from('quick'))
  await samplesUntil(admin, all => all.reduce((sum, { completed }) => sum + completed.ok, 0) === 5)
  const first = unary(client, Buffer.from('hold'))
  await until(() => held.length === 1)
  const second = unary(client, Buffer.from('again'))
  await samplesUntil(admin, all => all.some(({ rejected }) => rejected.late > 0))
  held.forEach(release => release())
  t.is((await first).value?.toString(), 'hold')
  t.is((await second).value?.toString(), 'again')
  t.is(asked, 7)
})

test('an edge is never queued, and each answer tells it the slots', async t => {
  const model = await h2Model(t, () => undefined)
  const { traffic } = await sidecar(t, model.address, { OUTRIGGER_FIRST_LIMIT: '1' })
  const signed = signing.pass({ edge: 'e', endpoint: ENDPOINT, until: Date.now() + 60_000 })
  const pass = Buffer.from(JSON.stringify(signed)).toString('base64url')
  const session = h2Client(t, traffic)
  const first = h2Ask(session, { ...GRPC, 'x-outrigger-pass': pass }, '')
  await until(() => model.streams.length === 1)
  const second = await h2Ask(session, { ...GRPC, 'x-outrigger-pass': pass }, '')
  t.is(second.headers['grpc-status'], '8')
  t.is(second.headers['x-outrigger-reason'], 'no-slot')
  t.is(second.headers['x-outrigger-slots'], '1;1')
  t.false('x-outrigger-pass' in (model.streams[0]?.headers ?? {}))
  model.streams[0]?.stream.respond({ ':status': 200 }, { endStream: true })
  t.regex(String((await first).headers['x-outrigger-slots']), /^1;[01]$/)
})

test('a deadline shortens the wait in the queue, and is told as such', async t => {
  const model = await h2Model(t, stream => stream.respond({ ':status': 200 }))
  const queue = { OUTRIGGER_FIRST_LIMIT: '1', OUTRIGGER_FIRST_QUEUE_MS: '60000' }
  const { traffic } = await sidecar(t, model.address, queue)
  const session = h2Client(t, traffic)
  void h2Ask(session, GRPC, '')
  await until(() => model.streams.length === 1)
  const late = await h2Ask(session, { ...GRPC, 'grpc-timeout': '50m' }, '')
  t.is(late.headers['grpc-status'], '4')
  t.false('grpc-retry-pushback-ms' in late.headers)
  const ours = await h2Ask(
    session,
    { ...GRPC, 'grpc-timeout': '9S', 'x-outrigger-deadline-ms': '50' },
    '',
  )
  t.is(ours.headers['grpc-status'], '8')
  // What waited has less time left at the model.
  const waited = h2Ask(session, { ...GRPC, 'grpc-timeout': '9S' }, '')
  const [first] = model.streams
  setTimeout(() => first?.stream.end(), 100)
  await until(() => model.streams.length === 2)
  const [, left = '', unit] =
    /^(\d+)(u)$/.exec(String(model.streams[1]?.headers['grpc-timeout'])) ?? []
  t.is(unit, 'u')
  t.true(Number(left) > 1_000_000 && Number(left) <= 8_920_000, left)
  model.streams[1]?.stream.end()
  t.is((await waited).status, 200)
})

test('a deadline that passes at the model ends the call: before the answer, and in it', async t => {
  const model = await h2Model(t, (stream, headers) => {
    if (headers[':path'] !== '/begun') return
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
    stream.write('some')
  })
  const { traffic, admin } = await sidecar(t, model.address)
  const session = h2Client(t, traffic)
  const [silent, begun] = await Promise.all([
    h2Ask(session, { ...GRPC, 'grpc-timeout': '1S' }, ''),
    h2Ask(session, { ...GRPC, ':path': '/begun', 'grpc-timeout': '1S' }, ''),
  ])
  t.deepEqual([silent.status, silent.headers['grpc-status'], silent.code], [200, '4', 0])
  t.deepEqual([begun.body, begun.trailers['grpc-status'], begun.code], ['some', '4', 0])
  await until(() => model.streams.every(({ stream }) => stream.destroyed))
  t.deepEqual(
    model.streams.map(({ stream }) => stream.rstCode),
    [8, 8],
  )
  await samplesUntil(admin, all => all.reduce((sum, { abandoned }) => sum + abandoned, 0) === 2)
})

test('a real client sees its deadline pass', async t => {
  const { address } = await grpcModel(t, { Unary: () => undefined })
  const { traffic } = await sidecar(t, address)
  const { error } = await unary(grpcClient(t, traffic), Buffer.from('x'), { deadline: 100 })
  t.is((error as ServiceError).code, status.DEADLINE_EXCEEDED)
})
