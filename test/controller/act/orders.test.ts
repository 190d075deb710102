import { createServer, type AddressInfo } from 'node:net'
import test from 'ava'
import { Courier } from '../../../controller/act/orders.ts'
import { canonical } from '../../../core/model/canonical.ts'
import type { Bodies } from '../../../core/model/decision.ts'
import type { Order, OrderNumber } from '../../../core/model/order.ts'
import type { PlatformEndpoint } from '../../../core/model/tables.ts'
import type { ReplicaRow } from '../../../core/model/windows.ts'
import { serve } from '../../../core/runtime/admin.ts'
import { newKeyPair, signer } from '../../../core/runtime/signing.ts'

const order: Order = {
  v: 1,
  endpoint: 'local/a',
  revision: 'rev-1',
  limit: 4,
  objectiveUs: null,
  probe: null,
  latePermille: 50,
  queueUs: 1,
  epoch: 2,
  n: 5,
  decision: 'd-1',
  issued: 1,
}

function row(replica: string, held: OrderNumber | null): ReplicaRow {
  return {
    replica,
    revision: 'rev-1',
    ageMs: 1,
    inFlightMilli: 0,
    queuedMilli: 0,
    offered: 0,
    ok: 0,
    server: 0,
    serviceUs: null,
    cpuPermille: null,
    effective: 4,
    order: held,
  }
}

function fleetOf(admins: Record<string, string>, revision = 'rev-1'): PlatformEndpoint {
  const replicas = Object.entries(admins).map(([replica, admin]) => ({
    replica,
    revision,
    state: 'ready' as const,
    address: admin,
    admin,
    started: 1,
    ready: 2,
    restarts: 0,
    why: null,
  }))
  return { endpoint: 'local/a', revision: 'rev-1', port: 1, desired: replicas.length, replicas }
}

test('orders go to those that lack them, are told in one record, and are sent again where samples name an older one', async t => {
  const got: number[] = []
  const sidecar = await serve({
    host: '127.0.0.1',
    port: 0,
    routes: [
      {
        at: 'PUT /v1/order',
        async handle(ask) {
          const { order: taken } = (await ask.json()) as { order: Order }
          got.push(taken.n)
          return { status: 200, json: {} }
        },
      },
    ],
  })
  t.teardown(() => sidecar.close())
  let now = 0
  const told: Bodies['actuation'][] = []
  const notes = {
    actuation: (body: Bodies['actuation']) => void told.push(body),
    counted: () => undefined,
  }
  const courier = new Courier(signer(newKeyPair(), 1e15).order, notes, () => now)
  t.teardown(() => courier.stop())
  const settle = async (count: number): Promise<void> => {
    for (let tries = 0; got.length < count && tries < 200; tries++)
      await new Promise(resolve => setTimeout(resolve, 10))
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  const both = fleetOf({ one: sidecar.address, two: sidecar.address })

  courier.tend(both, order, [row('one', { epoch: 2, n: 5 })], 0)
  await settle(1)
  t.deepEqual(got, [5], 'one has it, two is new')
  courier.tend(both, order, [row('one', { epoch: 2, n: 5 }), row('two', { epoch: 2, n: 4 })], 0)
  await settle(1)
  t.deepEqual(got, [5], 'samples lag behind the answer')
  t.like(told[0], {
    decision: 'd-1',
    asked: 'order 2.5: limit 4',
    answered: 'taken by 1',
    error: null,
  })

  now = 10_000
  const old = [row('one', { epoch: 2, n: 5 }), row('two', { epoch: 2, n: 4 })]
  courier.tend(both, order, old, 9000)
  courier.tend(
    both,
    order,
    old.map(each => ({ ...each, ageMs: 9000 })),
    0,
  )
  await settle(1)
  t.deepEqual(got, [5], 'samples older than the answer say nothing against it')

  courier.tend(both, order, [row('one', { epoch: 2, n: 5 }), row('two', null)], 0)
  await settle(2)
  t.deepEqual(got, [5, 5], 'two lost it')
  courier.tend(fleetOf({ old: sidecar.address }, 'rev-0'), order, [], 0)
  courier.tend(both, { ...order, n: 6 }, [], 0)
  await settle(4)
  t.deepEqual(got, [5, 5, 6, 6], 'none of another revision')
  courier.sweep(new Set())
  courier.tend(fleetOf({ two: sidecar.address }), { ...order, n: 6 }, [], 0)
  await settle(5)
  t.is(got.length, 5, 'what is gone is forgotten')
})

test('a sidecar that is away is told once for an order, however often it is tried', async t => {
  const told: Bodies['actuation'][] = []
  let failures = 0
  const notes = {
    actuation: (body: Bodies['actuation']) => void told.push(body),
    counted: () => void failures++,
  }
  const courier = new Courier(signer(newKeyPair(), 1e15).order, notes, () => 0)
  t.teardown(() => courier.stop())
  const fleet = fleetOf({ one: '127.0.0.1:1' })
  for (let tries = 0; failures < 2 && tries < 200; tries++) {
    courier.tend(fleet, order, [], 0)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  courier.tend(fleet, order, [], 0)
  t.is(told.length, 1)
  t.regex(told[0]?.error ?? '', /^1 failed: one: .*ECONNREFUSED/)
})

test('a sidecar that does not listen yet, or no more, is no failure: one that should is, and is told then', async t => {
  const told: Bodies['actuation'][] = []
  const results: string[] = []
  const notes = {
    actuation: (body: Bodies['actuation']) => void told.push(body),
    counted: (_endpoint: string, _what: string, result: string) => void results.push(result),
  }
  const courier = new Courier(signer(newKeyPair(), 1e15).order, notes, () => 0)
  t.teardown(() => courier.stop())
  let tries = 0
  const server = createServer(socket => {
    tries++
    socket.on('error', () => undefined).destroy()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  const admin = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const fleet = fleetOf({ one: admin })
  const [one] = fleet.replicas as [PlatformEndpoint['replicas'][number]]
  const tendUntil = async (done: () => boolean): Promise<void> => {
    for (let n = 0; !done() && n < 300; n++) {
      courier.tend(fleet, order, [], 0)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }
  one.state = 'starting'
  await tendUntil(() => tries >= 2)
  t.deepEqual([results, told], [[], []])
  one.state = 'ready'
  await tendUntil(() => told.length > 0)
  t.regex(told[0]?.error ?? '', /^1 failed: one: /)
  const { length } = results
  t.true(length > 0)
  one.state = 'draining'
  const before = tries
  await tendUntil(() => tries > before)
  t.is(results.length, length)
})

test('what a sidecar refuses with, cut where it is too long, can be recorded', async t => {
  for (const before of ['', 'x']) {
    const words = `${before}${'\u{1F600}'.repeat(300)}`
    const handle = () => ({ status: 409, json: { error: words } })
    const routes = [{ at: 'PUT /v1/order', handle }]
    const sidecar = await serve({ host: '127.0.0.1', port: 0, routes })
    t.teardown(() => sidecar.close())
    const told: Bodies['actuation'][] = []
    const actuation = (body: Bodies['actuation']) => void told.push(body)
    const notes = { actuation, counted: () => undefined }
    const courier = new Courier(signer(newKeyPair(), 1e15).order, notes, () => 0)
    t.teardown(() => courier.stop())
    for (let tries = 0; told.length === 0 && tries < 300; tries++) {
      courier.tend(fleetOf({ one: sidecar.address }), order, [], 0)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    t.regex(told[0]?.error ?? '', /^1 failed: one: 409 /)
    t.notThrows(() => canonical(told[0]))
  }
})
