import test from 'ava'
import { ask, sidecar } from '../support.ts'
import { grpcClient, grpcModel, unary } from './calls.ts'
import { GRPC, h2Ask, h2Client, h2Model, until } from './support.ts'

const quick = {
  OUTRIGGER_DRAIN_MIN: '700',
  OUTRIGGER_DRAIN_QUIET: '100',
  OUTRIGGER_DRAIN_MAX: '5000',
}

async function hook(admin: string): Promise<{ how: string; left: number }> {
  const headers = { 'x-outrigger-drain': 'secret' }
  const { body } = await ask(admin, '/v1/drain/pod', { headers })
  return JSON.parse(body) as { how: string; left: number }
}

test('a drain: sessions are told GOAWAY, their streams finish, connections that come are served', async t => {
  const model = await h2Model(t, () => undefined)
  const { traffic, admin } = await sidecar(t, model.address, quick)
  const session = h2Client(t, traffic)
  let gone = -1
  session.on('goaway', code => (gone = code))
  const slow = h2Ask(session, GRPC, '')
  await until(() => model.streams.length === 1)
  const drained = hook(admin)
  await until(() => gone >= 0)
  t.is(gone, 0)
  const late = h2Client(t, traffic)
  const asked = h2Ask(late, GRPC, '')
  await until(() => model.streams.length === 2)
  model.streams[1]?.stream.respond({ ':status': 200 }, { endStream: true })
  t.is((await asked).status, 200)
  await until(() => late.closed)
  model.streams[0]?.stream.respond({ ':status': 200 }, { endStream: true })
  t.is((await slow).status, 200)
  t.like(await drained, { how: 'drained', left: 0 })
})

test('the end of the process: streams finish, and no connection is left', async t => {
  const model = await h2Model(t, () => undefined)
  const { traffic, stop } = await sidecar(t, model.address)
  const session = h2Client(t, traffic)
  const slow = h2Ask(session, GRPC, '')
  await until(() => model.streams.length === 1)
  const resting = h2Client(t, traffic)
  await new Promise(resolve => resting.once('remoteSettings', resolve))
  let stopped = false
  const stopping = stop({ graceMs: 0, timeoutMs: 5000 }).then(() => (stopped = true))
  await new Promise(resolve => resting.once('close', resolve))
  t.false(stopped)
  model.streams[0]?.stream.respond({ ':status': 200 }, { endStream: true })
  t.is((await slow).status, 200)
  await stopping
  await until(() => session.destroyed)
})

test('what takes too long at the end is cut off', async t => {
  const model = await h2Model(t, stream => stream.respond({ ':status': 200 }))
  const { traffic, stop } = await sidecar(t, model.address)
  const slow = h2Ask(h2Client(t, traffic), GRPC, '')
  await until(() => model.streams.length === 1)
  await stop({ graceMs: 0, timeoutMs: 100 })
  await slow
  await until(() => model.streams[0]?.stream.destroyed === true)
  t.pass()
})

test('calls of a real client go on through a drain, none fails', async t => {
  const { address } = await grpcModel(t, { Unary: (call, answer) => answer(null, call.request) })
  const { traffic, admin } = await sidecar(t, address, { ...quick, OUTRIGGER_DRAIN_MAX: '1200' })
  const client = grpcClient(t, traffic)
  const codes = new Set<number | undefined>()
  let over = false
  let calls = 0
  const asking = (async () => {
    while (!over) {
      codes.add((await unary(client, Buffer.from('x'))).error?.code)
      calls++
    }
  })()
  await until(() => calls > 10)
  const before = calls
  await hook(admin)
  over = true
  await asking
  t.true(calls > before)
  t.deepEqual([...codes], [undefined])
})
