import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import test from 'ava'
import type { Sample } from '../../core/model/sample.ts'
import { ask, listen, recorder, samplesUntil, sidecar } from './support.ts'

const CHILD = `
import { createServer } from 'node:http'
const server = createServer((request, response) => {
  if (request.url === '/part') { response.writeHead(200, { 'content-length': 10 }); response.write('half') }
  else if (request.url === '/never') return
  else response.end('ok')
}).listen(Number(process.argv[1]), '127.0.0.1', () => console.log(server.address().port))`

async function model(port = 0) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, port: Number(line.toString()) }
}

test('a model that takes no connection: 502 says that nothing was sent', async t => {
  const { child, port } = await model()
  const { traffic } = await sidecar(t, `127.0.0.1:${port}`, {})
  child.kill('SIGKILL')
  await once(child, 'exit')
  const { status, headers } = await ask(traffic, '/', { method: 'POST', body: 'x' })
  t.is(status, 502)
  t.is(headers['x-outrigger-reason'], 'unreached')
})

test('a model killed in the middle of its answers: 502 before a byte, cut off after', async t => {
  const { child, port } = await model()
  t.teardown(() => child.kill('SIGKILL'))
  const { traffic, admin } = await sidecar(t, `127.0.0.1:${port}`, { OUTRIGGER_FIRST_LIMIT: '4' })
  const part = ask(traffic, '/part')
  const never = ask(traffic, '/never', { method: 'POST', body: 'x' })
  await samplesUntil(admin, all => all.some(s => s.inFlight.end === 2))
  child.kill('SIGKILL')
  await t.throwsAsync(part)
  const { status, headers, body } = await never
  t.is(status, 502)
  t.is(headers['x-outrigger-reason'], 'upstream')
  t.is((JSON.parse(body) as { error: { reason: string } }).error.reason, 'upstream')
  const failed = (all: Sample[]): number => all.reduce((n, s) => n + s.completed.server, 0)
  const samples = await samplesUntil(admin, all => failed(all) === 2)
  t.is(samples.at(-1)?.inFlight.end, 0)
})

test('a model that starts anew on its port is used again at once', async t => {
  const first = await model()
  const { traffic } = await sidecar(t, `127.0.0.1:${first.port}`)
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  t.is((await ask(traffic, '/', { agent })).body, 'ok')
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  t.is((await ask(traffic, '/', { agent })).status, 502)
  const second = await model(first.port)
  t.teardown(() => second.child.kill('SIGKILL'))
  t.is((await ask(traffic, '/', { method: 'POST', body: 'x', agent })).body, 'ok')
})

test('a kept connection that the model just closed: GET is repeated once, POST is not', async t => {
  let seen = 0
  const server = createServer((request, response) => {
    if (request.url === '/warm') return void response.end('ok')
    seen++
    request.socket.destroy()
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const { traffic } = await sidecar(t, `127.0.0.1:${(server.address() as AddressInfo).port}`, {
    OUTRIGGER_READY_PATH: '/warm',
    OUTRIGGER_METRICS_URL: 'http://127.0.0.1:9/warm',
  })
  await ask(traffic, '/warm')
  t.is((await ask(traffic, '/x')).status, 502)
  t.is(seen, 2)
  await ask(traffic, '/warm')
  t.is((await ask(traffic, '/x', { method: 'POST', body: 'b' })).status, 502)
  t.is(seen, 3)
})

test('a connection that never came is tried once more, whatever the method', async t => {
  const { server, address } = await listen(t, (_request, response) => void response.end('late'))
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const { traffic } = await sidecar(t, address)
  const asked = ask(traffic, '/', { method: 'POST', body: 'x' })
  // Listens again between the first try and the second.
  setTimeout(() => server.listen(port, '127.0.0.1'), 20)
  const { status, body } = await asked
  t.is(status, 200)
  t.is(body, 'late')
})

test('clients that leave free their slots, queued or in flight, and the model is told', async t => {
  const holding: Socket[] = []
  const origin = await recorder(t, (request, response) => {
    if (request.url === '/quick') return void response.end('quick')
    const { socket } = response
    if (socket !== null) holding.push(socket)
  })
  const { traffic, admin } = await sidecar(t, origin.address, {
    OUTRIGGER_FIRST_LIMIT: '1',
    OUTRIGGER_FIRST_QUEUE_MS: '60000',
  })
  const [first, second] = [new AbortController(), new AbortController()]
  const inFlight = ask(traffic, '/hold', { signal: first.signal })
  await samplesUntil(admin, all => all.at(-1)?.inFlight.end === 1)
  const queued = ask(traffic, '/hold', { signal: second.signal })
  const third = ask(traffic, '/quick')
  await samplesUntil(admin, all => all.at(-1)?.queued.end === 2)
  second.abort()
  await t.throwsAsync(queued)
  await samplesUntil(admin, all => all.at(-1)?.queued.end === 1)
  const [socket] = holding
  const told = socket === undefined ? null : once(socket, 'close')
  first.abort()
  await t.throwsAsync(inFlight)
  t.is((await third).body, 'quick')
  await told
  const samples = await samplesUntil(admin, all => all.some(s => s.completed.ok === 1))
  t.is(
    samples.reduce((n, s) => n + s.abandoned, 0),
    2,
  )
  t.is(origin.requests.length, 2)
})
