import test from 'ava'
import { HEADERS, UNREACHED } from '../../core/model/tables.ts'
import { ask, entry, fakeController, portOf, startTestEdge, until } from './bench.ts'
import { fakeSidecar, type FakeSidecar } from './fake-sidecar.ts'

const numbers = (n: number): string[] => Array.from({ length: n }, (_, i) => String(i))

test('each request is served once, slots are never overbooked, and nothing is refused in calm', async t => {
  const sidecars = [await fakeSidecar(t, 2), await fakeSidecar(t, 2)]
  const controller = await fakeController(t, [entry(sidecars)])
  const edge = await startTestEdge(t, controller.url)
  const port = await portOf(edge)
  const got = await Promise.all(numbers(200).map(number => ask(port, { number })))
  t.deepEqual(new Set(got.map(one => one.status)), new Set([200]))
  const served = sidecars.flatMap(one => one.served)
  t.deepEqual(served.toSorted(), numbers(200).toSorted())
  t.true(sidecars.every(one => one.mostInFlight <= 2 && one.served.length > 50))
  t.true(got.some(one => Number(one.headers[HEADERS.waited]) > 1000))
  t.is(got[0]?.headers[HEADERS.slots], undefined)
})

test('the pass goes with each attempt; forged headers of ours and hop-by-hop ones do not', async t => {
  const sidecar = await fakeSidecar(t, 2)
  const controller = await fakeController(t, [entry([sidecar])])
  const port = await portOf(await startTestEdge(t, controller.url))
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const headers = {
    connection: 'keep-alive, x-secret',
    'x-secret': '1',
    'x-outrigger-pass': 'forged',
    'x-outrigger-deadline-ms': '4000',
    te: 'trailers',
    traceparent,
  }
  await ask(port, { headers, path: '/a?b=c' })
  const seen = sidecar.seen[0]
  const names = (seen?.raw ?? []).filter((_, i) => i % 2 === 0).map(name => name.toLowerCase())
  t.is(seen?.url, '/a?b=c')
  t.false(names.includes('x-secret') || names.includes('te'))
  t.true(seen?.raw.includes(traceparent))
  const pass = [...sidecar.passes][0] ?? ''
  t.deepEqual(JSON.parse(Buffer.from(pass, 'base64url').toString()), entry([]).pass)
  const deadline = Number(seen?.raw[(names.indexOf(HEADERS.deadline) << 1) + 1])
  t.true(deadline > 1000 && deadline <= 4000)
})

test('a sidecar that could not reach its model: another replica has it', async t => {
  const sidecars = [await fakeSidecar(t, 4), await fakeSidecar(t, 4)]
  const [dead, alive] = sidecars as [FakeSidecar, FakeSidecar]
  let asked = 0
  dead.answer = (_, response) => {
    asked++
    response.writeHead(502, { [HEADERS.reason]: UNREACHED }).end()
  }
  const controller = await fakeController(t, [entry(sidecars)])
  const port = await portOf(await startTestEdge(t, controller.url))
  const all = await Promise.all(numbers(20).map(number => ask(port, { number, body: 'x' })))
  t.true(all.every(one => one.status === 200))
  t.deepEqual(alive.served.toSorted(), numbers(20).toSorted())
  t.true(asked >= 1 && asked <= 5, `${asked}: it rests after the first`)
})

test('a storm of 429 loses nothing and costs no retry', async t => {
  const sidecars = [await fakeSidecar(t, 4), await fakeSidecar(t, 4)]
  for (const sidecar of sidecars) sidecar.others = 4
  const controller = await fakeController(t, [entry(sidecars)])
  const edge = await startTestEdge(t, controller.url)
  const port = await portOf(edge)
  const all = Promise.all(numbers(50).map(number => ask(port, { number, body: 'x'.repeat(1000) })))
  await until(() => sidecars.every(one => one.refusals >= 5), 'several rounds of refusals')
  for (const sidecar of sidecars) sidecar.others = 0
  const got = await all
  t.true(got.every(one => one.status === 200 && one.body === 'served 1000'))
  t.deepEqual(sidecars.flatMap(one => one.served).toSorted(), numbers(50).toSorted())
})

test('a raised limit is found within some tries', async t => {
  const sidecar = await fakeSidecar(t, 1, 3000)
  const controller = await fakeController(t, [entry([sidecar])])
  const port = await portOf(await startTestEdge(t, controller.url))
  const all = numbers(4).map(number => ask(port, { number }))
  await until(() => sidecar.refusals > 0, 'a try at a full replica')
  sidecar.limit = 4
  sidecar.delayMs = 1
  await until(() => sidecar.served.length === 4, 'all given')
  t.is((await Promise.all(all.slice(1))).filter(one => one.status === 200).length, 3)
})

test('full and late are 429 with Retry-After; gRPC gets status 8', async t => {
  const sidecar = await fakeSidecar(t, 1)
  const controller = await fakeController(t, [entry([sidecar], { queueUs: 1_000_000 })])
  const port = await portOf(await startTestEdge(t, controller.url))
  const hung = Promise.withResolvers<void>()
  sidecar.answer = (_, response) => void hung.promise.then(() => response.end('at last'))
  const first = ask(port)
  await until(() => sidecar.inFlight === 1, 'the slot taken')
  const rest = await Promise.all(numbers(70).map(() => ask(port, { agent: false })))
  const grpc = await ask(port, { headers: { 'content-type': 'application/grpc' } })
  hung.resolve()
  t.is((await first).body, 'at last')
  t.true(rest.every(one => one.status === 429 && Number(one.headers['retry-after']) >= 1))
  const reasons = new Set(rest.map(one => String(one.headers[HEADERS.reason])))
  t.true(reasons.has('late'))
  t.true([...reasons].every(one => one === 'full' || one === 'late'))
  t.is(grpc.status, 200)
  t.is(grpc.headers['grpc-status'], '8')
})

test('without a replica requests are held, one is asked for, and they are served when it comes', async t => {
  const controller = await fakeController(t, [entry([])])
  const edge = await startTestEdge(t, controller.url)
  const port = await portOf(edge)
  const all = Promise.all(numbers(10).map(number => ask(port, { number })))
  await until(() => controller.activated.length > 0, 'activate')
  const sidecar = await fakeSidecar(t, 2)
  controller.set(entry([sidecar]))
  t.true((await all).every(one => one.status === 200))
  t.deepEqual(controller.activated, ['local/digits'])
  controller.set(entry([], { holdUs: 50_000, queueUs: 50_000 }))
  await until(async () => (await ask(port)).status === 503, 'no replica')
  t.is((await ask(port)).headers[HEADERS.reason], 'no-replica')
})

test('a replica killed with requests in flight loses those and nothing else', async t => {
  const sidecars = [await fakeSidecar(t, 3, 20), await fakeSidecar(t, 3, 20)]
  const controller = await fakeController(t, [entry(sidecars)])
  const port = await portOf(await startTestEdge(t, controller.url))
  const all = numbers(300).map(number => ask(port, { number }))
  await until(() => sidecars.every(one => one.served.length > 10), 'both at work')
  await sidecars[0]?.kill()
  const got = await Promise.all(all)
  const lost = got.filter(one => one.status !== 200)
  t.true(lost.length <= 3, `${lost.length} lost, at most 3 were given to it`)
  t.true(lost.every(one => one.status === 502 && one.headers[HEADERS.reason] === 'replica'))
  t.is(got.length, 300)
})

test('an idempotent request cut off by a dying replica is tried again', async t => {
  const sidecars = [await fakeSidecar(t, 1, 10_000), await fakeSidecar(t, 1, 1)]
  const controller = await fakeController(t, [entry(sidecars.slice(0, 1))])
  const port = await portOf(await startTestEdge(t, controller.url))
  const got = ask(port, { method: 'GET', number: 'one' })
  await until(() => sidecars[0]?.served.length === 1, 'given')
  controller.set(entry(sidecars))
  await sidecars[0]?.kill()
  t.is((await got).status, 200)
  t.deepEqual(sidecars[1]?.served, ['one'])
})

test('tables that change under load lose nothing', async t => {
  const sidecars = await Promise.all([1, 2, 3, 4].map(() => fakeSidecar(t, 2, 5)))
  const controller = await fakeController(t, [entry(sidecars.slice(0, 1))])
  const port = await portOf(await startTestEdge(t, controller.url))
  const all = Promise.all(numbers(300).map(number => ask(port, { number })))
  for (const [from, to] of [
    [0, 2],
    [1, 4],
    [2, 3],
    [0, 4],
  ] as const) {
    await new Promise(resolve => setTimeout(resolve, 40))
    controller.set(entry(sidecars.slice(from, to)))
  }
  t.true((await all).every(one => one.status === 200))
  t.deepEqual(sidecars.flatMap(one => one.served).toSorted(), numbers(300).toSorted())
})
