import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { createServer } from 'node:net'
import test from 'ava'
import type { Sample } from '../../core/model/sample.ts'
import {
  ENDPOINT,
  ask,
  entry,
  fakeController,
  folder,
  portOf,
  samplesOf,
  startTestEdge,
  until,
} from './bench.ts'
import { fakeSidecar } from './fake-sidecar.ts'
import { main, portAt, startProcess } from './process.ts'

/** Process ids of its children (Linux, proc(5)). */
function workersOf(child: ChildProcess): number[] {
  const text = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}

const exitOf = async (child: ChildProcess): Promise<unknown> => (await once(child, 'exit'))[0]

test('an edge whose controller is away serves on the table that it kept', async t => {
  const sidecar = await fakeSidecar(t, 2)
  const controller = await fakeController(t, [entry([sidecar])])
  const stateDir = folder()
  const first = await startTestEdge(t, controller.url, { stateDir })
  const port = await portOf(first)
  await controller.close()
  t.is((await ask(port)).status, 200, 'fail static')
  await first.close(0)
  const second = await startTestEdge(t, controller.url, { stateDir })
  t.is((await ask(await portOf(second))).status, 200, 'after a restart')
})

test('ports open and close with the table', async t => {
  const sidecar = await fakeSidecar(t, 2)
  const other = entry([sidecar], { endpoint: 'local/agent' })
  const controller = await fakeController(t, [entry([sidecar])])
  const edge = await startTestEdge(t, controller.url)
  const port = await portOf(edge)
  controller.set(entry([sidecar]), other)
  t.is((await ask(await portOf(edge, 'local/agent'))).status, 200)
  t.is(await portOf(edge), port, 'a port that the kernel chose stays')
  controller.set(other)
  await until(() => edge.endpoints()[ENDPOINT] === undefined, 'closed')
  await t.throwsAsync(ask(port, { agent: false }), { message: /ECONNREFUSED|hang up|ECONNRESET/ })
})

test('a sample a second for each endpoint, resumed by boot and seq', async t => {
  const sidecar = await fakeSidecar(t, 1, 2)
  const controller = await fakeController(t, [entry([sidecar])])
  const edge = await startTestEdge(t, controller.url)
  const port = await portOf(edge)
  await Promise.all(Array.from({ length: 20 }, () => ask(port)))
  const done = (all: readonly Sample[]): number =>
    all.reduce((sum, line) => sum + line.completed.ok, 0)
  await until(async () => {
    const all = await samplesOf(edge)
    return all.length >= 2 && done(all) >= 20
  }, 'two seconds, with all requests')
  const lines = await samplesOf(edge)
  t.is(done(lines), 20)
  t.is(
    lines.reduce((sum, line) => sum + line.wait.count, 0),
    20,
  )
  t.true(Math.max(...lines.map(line => line.queued.max)) >= 1)
  t.is(sidecar.mostInFlight, 1)
  const first = lines[0]
  const rest = await fetch(`http://${edge.admin}/v1/samples?since=${first?.boot}:${first?.seq}`)
  t.false((await rest.text()).includes('"seq":0,'))
  t.regex(rest.headers.get('x-outrigger-now') ?? '', /^\d{13}$/)
  const page = await (await fetch(`http://${edge.admin}/metrics`)).text()
  t.regex(
    page,
    /outrigger_edge_offered_requests_total\{endpoint="local\/digits",edge="edge-1"\} 20/,
  )
  t.regex(page, /outrigger_edge_wait_seconds_count\{[^}]*\} 20/)
})

test('SIGTERM finishes what is held and in flight, then exits 0', async t => {
  const sidecar = await fakeSidecar(t, 1, 100)
  const controller = await fakeController(t, [entry([sidecar])])
  const { child, admin } = await startProcess(t, controller.url)
  const port = await portAt(admin)
  const all = Array.from({ length: 5 }, (_, i) => ask(port, { number: String(i) }))
  await until(() => sidecar.inFlight === 1, 'one in flight')
  await new Promise(resolve => setTimeout(resolve, 50))
  const exit = exitOf(child)
  child.kill('SIGTERM')
  t.deepEqual(
    (await Promise.all(all)).map(one => one.status),
    [200, 200, 200, 200, 200],
  )
  t.is(await exit, 0)
})

test('SIGTERM waits for a request that was just sent on a kept connection', async t => {
  const sidecar = await fakeSidecar(t, 2)
  const controller = await fakeController(t, [entry([sidecar])])
  const edge = await startTestEdge(t, controller.url)
  const port = await portOf(edge)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  t.is((await ask(port, { agent })).headers['connection'], 'keep-alive')
  const closed = edge.close()
  await new Promise(resolve => setTimeout(resolve, 100))
  const last = await ask(port, { agent })
  t.is(last.status, 200)
  t.is(last.headers['connection'], 'close')
  await closed
})

for (const workers of ['1', '2']) {
  test(`SIGTERM with a grace, ${workers} workers: it serves on, and says that it goes`, async t => {
    const first = await fakeSidecar(t, 2)
    const controller = await fakeController(t, [entry([first])])
    const env = { OUTRIGGER_DRAIN_GRACE: '1500', OUTRIGGER_WORKERS: workers }
    const { child, admin } = await startProcess(t, controller.url, [], env)
    const port = await portAt(admin)
    const agent = new Agent({ keepAlive: true })
    t.teardown(() => agent.destroy())
    t.is((await ask(port, { agent })).headers['connection'], 'keep-alive')
    t.is((await fetch(`http://${admin}/readyz`)).status, 200)
    const exit = exitOf(child)
    const began = performance.now()
    child.kill('SIGTERM')
    await until(
      async () => (await (await fetch(`http://${admin}/readyz`)).text()) === 'draining\n',
      'not ready',
    )
    t.true(performance.now() - began < 1000, 'at once')
    // The table is followed: another replica, in a rollout of both.
    const second = await fakeSidecar(t, 2)
    controller.set(entry([second]))
    await until(async () => {
      const got = await ask(port, { agent: false })
      t.is(got.status, 200)
      t.is(got.headers['connection'], 'close')
      return second.served.length > 0
    }, 'the replica that came meanwhile')
    t.is((await ask(port, { agent })).headers['connection'], 'close', 'on a kept connection')
    t.is(await exit, 0)
    t.true(performance.now() - began >= 1500)
  })
}

test('workers: one queue an endpoint, exact counts, and a killed one comes back', async t => {
  const sidecars = [await fakeSidecar(t, 2), await fakeSidecar(t, 2)]
  const others = [await fakeSidecar(t, 1)]
  const controller = await fakeController(t, [
    entry(sidecars),
    entry(others, { endpoint: 'local/agent' }),
  ])
  const env = { OUTRIGGER_PARENT: 'stdin' }
  const { child, admin } = await startProcess(t, controller.url, ['--workers', '2'], env)
  const [port, agentPort] = [await portAt(admin), await portAt(admin, 'local/agent')]
  const got = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      ask(i % 2 ? port : agentPort, { number: String(i), agent: false }),
    ),
  )
  t.true(got.every(one => one.status === 200))
  const served = [...sidecars, ...others].flatMap(one => one.served)
  t.deepEqual(new Set(served).size, 100)
  t.true(sidecars.every(one => one.mostInFlight <= 2) && (others[0]?.mostInFlight ?? 9) <= 1)
  t.is(
    sidecars.reduce((sum, one) => sum + one.refusals, 0),
    0,
    'one queue: no overbooking',
  )
  await until(async () => {
    const page = await (await fetch(`http://${admin}/metrics`)).text()
    return /offered_requests_total\{endpoint="local\/digits",edge="edge"\} 50/.test(page)
  }, 'counts of the worker')
  for (const worker of workersOf(child)) process.kill(worker, 'SIGKILL')
  const again = await ask(port, { number: 'again', agent: false }).catch(() => null)
  t.true(again === null || again.status === 200)
  await until(async () => workersOf(child).length === 2, 'both workers back')
  t.is((await ask(port, { number: 'back', agent: false })).status, 200)
  const exit = exitOf(child)
  child.stdin.end()
  t.is(await exit, 0)
})

test('bad configuration: every error at once, and exit code 2; a port in use: 3', async t => {
  const run = async (env: Record<string, string>): Promise<[unknown, string]> => {
    const child = spawn(process.execPath, [main, 'edge'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
    })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    return [await exitOf(child), said]
  }
  const wrong = {
    OUTRIGGER_ADMIN: 'nowhere',
    OUTRIGGER_WORKERS: '0',
    OUTRIGGER_DRAIN_GRACE: '700000',
  }
  const [code, said] = await run(wrong)
  t.is(code, 2)
  for (const name of ['OUTRIGGER_CONTROLLER', ...Object.keys(wrong)])
    t.true(said.includes(name), name)
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as { port: number }
  const env = { OUTRIGGER_CONTROLLER: 'http://127.0.0.1:1', OUTRIGGER_ADMIN: `127.0.0.1:${port}` }
  t.is((await run(env))[0], 3)
})
