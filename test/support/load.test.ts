import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { startLoad, type LoadResult } from '../cluster/support/load.ts'

async function served(t: ExecutionContext, handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

test('each request is sent once, at its time, and ends in one count', async t => {
  const ids: string[] = []
  const url = await served(t, (request, response) => {
    const id = String(request.headers['x-request-id'])
    ids.push(id)
    const n = ids.length
    if (n % 10 === 1) return void response.writeHead(503, { 'x-outrigger-reason': 'late' }).end()
    if (n % 10 === 2) return void request.socket.destroy()
    if (n % 10 === 3) {
      response.writeHead(200, { 'content-length': '10' }).write('half')
      return void setTimeout(() => request.socket.destroy(), 20)
    }
    if (n % 10 === 4) response.setHeader('x-outrigger-waited-us', '0')
    response.end('ok')
  })
  const load = startLoad({ url, rate: 200, seconds: 1 })
  const result = await load.ended
  t.is(result.sent, 200)
  t.is(ids.length, 200)
  t.is(new Set(ids).size, 200)
  t.is(result.ok, 140)
  t.is(result.failed, 60)
  t.is(result.inFlight, 0)
  t.deepEqual(result.statuses, { 200: 140, 503: 20 })
  t.deepEqual(result.errors, { ECONNRESET: 20, incomplete: 20 })
  t.is(result.through, 20)
  t.is(result.failures.length, 30)
  t.true(result.failures.some(({ what }) => what === '503 late'))
  t.true(result.failures.every(({ id, at }) => ids.includes(id) && at.endsWith('Z')))
  t.true(result.connections < 200, 'kept where it can be')
  t.true(result.seconds >= 0.9 && result.seconds < 3)
})

test('what is slow holds up nothing; what nobody answers is an error with its name', async t => {
  const url = await served(t, (request, response) => {
    if (request.url === '/') setTimeout(() => response.end('ok'), 300)
  })
  const slow = startLoad({ url, rate: 100 })
  while (slow.now().inFlight < 20) await new Promise(resolve => setTimeout(resolve, 5))
  slow.rate(400)
  while (slow.now().sent < 150) await new Promise(resolve => setTimeout(resolve, 5))
  const result = await slow.stop()
  t.is(result.ok, result.sent)
  t.true(result.ms.p50 >= 295 && result.ms.max >= result.ms.p99)
  const silent = startLoad({ url: `${url}never`, rate: 50, seconds: 0.2, timeoutMs: 100 })
  t.deepEqual((await silent.ended).errors, { timeout: 10 })
  const nobody = startLoad({ url: 'http://127.0.0.1:9/', rate: 50, seconds: 0.2 })
  t.deepEqual((await nobody.ended).errors, { ECONNREFUSED: 10 })
})

test('as a script: one line of JSON, and exit code 1 where one failed', async t => {
  const script = fileURLToPath(new URL('../cluster/support/load.ts', import.meta.url))
  const url = await served(t, (_request, response) => void response.end('ok'))
  const run = async (to: string): Promise<{ code: number; result: LoadResult }> => {
    const args = ['--url', to, '--rate', '40', '--seconds', '0.5']
    const child = spawn(process.execPath, [script, ...args])
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number]
    return { code, result: JSON.parse(out) as LoadResult }
  }
  t.like(await run(url), { code: 0, result: { sent: 20, ok: 20, failed: 0 } })
  t.like(await run('http://127.0.0.1:9/'), { code: 1, result: { sent: 20, failed: 20 } })
})

test('as a script that is followed: tells how it goes, takes a rate, and stops when it is told to', async t => {
  const script = fileURLToPath(new URL('../cluster/support/load.ts', import.meta.url))
  const url = await served(t, (_request, response) => void response.end('ok'))
  const child = spawn(process.execPath, [script, '--url', url, '--rate', '0.001', '--follow'])
  const told: LoadResult[] = []
  createInterface({ input: child.stdout }).on('line', line => {
    told.push(JSON.parse(line) as LoadResult)
    if (told.length === 1) child.stdin.write('rate 200\n')
    if ((told.at(-1)?.sent ?? 0) > 20) child.stdin.write('stop\n')
  })
  const [code] = (await once(child, 'close')) as [number]
  t.is(code, 0)
  t.true((told[0]?.sent ?? 9) <= 1)
  t.like(told.at(-1), { inFlight: 0, failed: 0 })
  t.true((told.at(-1)?.ok ?? 0) > 20)
})
