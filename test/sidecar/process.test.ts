import { once } from 'node:events'
import { Agent } from 'node:http'
import test, { type ExecutionContext } from 'ava'
import type { Sample } from '../../core/model/sample.ts'
import { startLoad } from '../cluster/support/load.ts'
import {
  ask,
  ENDPOINT,
  environment,
  folder,
  listen,
  order,
  put,
  samplesUntil,
  signing,
} from './support.ts'
import { running, start } from './running.ts'

async function failed(t: ExecutionContext, env: Record<string, string>) {
  const child = start(t, env)
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, said }
}

test('under load a SIGTERM loses nothing: what was sent is answered, then it exits with 0', async t => {
  const { address } = await listen(t, (request, response) => {
    setTimeout(() => response.end('ok'), request.url === '/' ? 5 : 0)
  })
  const { child, traffic, gone } = await running(t, address, {
    env: { OUTRIGGER_FIRST_LIMIT: '16' },
  })
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  let answered = 0
  let refused = 0
  const lost: unknown[] = []
  async function client(): Promise<void> {
    for (;;) {
      try {
        const { status } = await ask(traffic, '/', { agent })
        if (status === 200) answered++
        else lost.push(status)
      } catch (error) {
        // Never sent: another replica would have been asked.
        if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') {
          refused++
          return
        }
        lost.push(error)
        return
      }
      if (answered === 100) child.kill('SIGTERM')
    }
  }
  await Promise.all(Array.from({ length: 12 }, client))
  t.deepEqual(lost, [])
  t.true(answered > 100)
  t.is(refused, 12)
  t.is(await gone, 0)
})

test('while it drains it is not ready, serves what is open, and cuts off what takes too long', async t => {
  const { address } = await listen(t, (request, response) => {
    if (request.url === '/hold') response.write('part')
    else response.end('ok')
  })
  const { child, traffic, admin, gone } = await running(t, address, {
    env: {
      OUTRIGGER_READY_PATH: '/ready',
      OUTRIGGER_DRAIN_GRACE: '2000',
      OUTRIGGER_DRAIN_TIMEOUT: '2000',
    },
  })
  while ((await ask(admin, '/readyz')).status !== 200) continue
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const hold = ask(traffic, '/hold')
  t.is((await ask(traffic, '/', { agent })).headers.connection, 'keep-alive')
  t.is((await ask(admin, '/v1/drain', { method: 'POST' })).status, 403)
  child.kill('SIGTERM')
  while ((await ask(admin, '/readyz')).status !== 503) continue
  t.is((await ask(traffic, '/')).body, 'ok')
  await t.throwsAsync(hold)
  t.is(await gone, 0)
})

test('the drain secret makes it unready, and no more', async t => {
  const { address } = await listen(t, (_request, response) => void response.end('ok'))
  const { traffic, admin } = await running(t, address)
  while ((await ask(admin, '/readyz')).status !== 200) continue
  const headers = { 'x-outrigger-drain': 'secret' }
  t.is((await ask(admin, '/v1/drain', { method: 'POST', headers })).status, 202)
  t.is((await ask(admin, '/readyz')).status, 503)
  t.is((await ask(traffic)).status, 200)
})

test('readiness follows the model', async t => {
  let status = 503
  const { address } = await listen(t, (_request, response) => {
    response.writeHead(status).end()
  })
  const { admin } = await running(t, address, { env: { OUTRIGGER_READY_PATH: '/ready' } })
  const ready = async (): Promise<unknown> => JSON.parse((await ask(admin, '/readyz')).body)
  t.like(await ready(), { ready: false })
  status = 200
  while ((await ask(admin, '/readyz')).status !== 200) continue
  status = 500
  while ((await ask(admin, '/readyz')).status !== 503) continue
  t.deepEqual(await ready(), { ready: false, why: '/ready answered 500' })
})

test('followers get what they missed, then each second; a plain GET ends', async t => {
  const { address } = await listen(t, (_request, response) => void response.end('ok'))
  const { admin, child } = await running(t, address)
  const before = await samplesUntil(admin, all => all.length >= 2)
  const boot = before[0]?.boot ?? ''
  const response = await fetch(`http://${admin}/v1/samples?since=${boot}:0&follow=1`)
  t.true(Math.abs(Number(response.headers.get('x-outrigger-now')) - Date.now()) < 5000)
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.split('\n').length > 3) break
  }
  const seen = text
    .split('\n')
    .slice(0, 3)
    .map(line => (JSON.parse(line) as Sample).seq)
  t.deepEqual(seen, [1, 2, 3])
  t.is((await ask(admin, '/v1/samples?since=nonsense')).status, 400)
  const other = await ask(admin, '/v1/samples?since=otherlife:500')
  t.true(other.body.split('\n').length > 3)
  child.kill('SIGTERM')
})

test('it goes when its parent does', async t => {
  const { address } = await listen(t, (_request, response) => void response.end('ok'))
  const { child, gone } = await running(t, address, { env: { OUTRIGGER_PARENT: 'stdin' } })
  child.stdin?.end()
  t.is(await gone, 0)
})

test('a wrong environment is exit code 2, an address in use 3, each said once', async t => {
  const wrong = await failed(t, { OUTRIGGER_FIRST_LIMIT: 'x' })
  t.is(wrong.code, 2)
  t.regex(wrong.said, /OUTRIGGER_ENDPOINT: expected/)
  t.regex(wrong.said, /OUTRIGGER_FIRST_LIMIT: expected an integer from 1 to 100000, got "x"/)
  const { address } = await listen(t, (_request, response) => void response.end())
  for (const name of ['OUTRIGGER_TRAFFIC', 'OUTRIGGER_ADMIN', 'OUTRIGGER_METRICS']) {
    const taken = await failed(t, { ...environment(address, folder(t)), [name]: address })
    t.is(taken.code, 3, taken.said)
    t.regex(taken.said, /EADDRINUSE/)
  }
})

test('killed in a living pod: on the same ports again, ready at once, under the last order', async t => {
  const { address } = await listen(t, (_request, response) => void response.end('ok'))
  const env = { OUTRIGGER_STATE_DIR: folder(t), OUTRIGGER_READY_PATH: '/ready' }
  const first = await running(t, address, { env })
  const given = order(7, { limit: 11 })
  t.is((await put(first.admin, '/v1/order', given)).status, 200)
  first.child.kill('SIGKILL')
  await first.gone
  const second = await running(t, address, {
    env: {
      ...env,
      OUTRIGGER_TRAFFIC: first.traffic,
      OUTRIGGER_ADMIN: first.admin,
    },
  })
  const began = performance.now()
  while ((await ask(second.admin, '/readyz')).status !== 200) continue
  t.true(performance.now() - began < 1000)
  const { body } = await ask(second.admin, '/v1/order')
  t.deepEqual(JSON.parse(body), { order: given.order })
  const pass = signing.pass({ edge: 'edge-1', endpoint: ENDPOINT, until: Date.now() + 60_000 })
  const sent = Buffer.from(JSON.stringify(pass)).toString('base64url')
  const got = await ask(second.traffic, '/', { headers: { 'x-outrigger-pass': sent } })
  t.is(got.headers['x-outrigger-slots'], '11;1')
})

test('hooks of a process: what the kubelet does when a pod is deleted loses nothing', async t => {
  const { server, address } = await listen(t, (_request, response) => {
    setTimeout(() => response.end('ok'), 20)
  })
  const { child, traffic, admin, gone } = await running(t, address, {
    env: {
      // A client that could not run for a second sends all of it at once.
      OUTRIGGER_FIRST_LIMIT: '1000',
      OUTRIGGER_DRAIN_MIN: '800',
      OUTRIGGER_DRAIN_QUIET: '200',
    },
  })
  while ((await ask(admin, '/readyz')).status !== 200) continue
  const load = startLoad({ url: `http://${traffic}/`, rate: 100 })
  while (load.now().ok < 20) await new Promise(resolve => setTimeout(resolve, 10))
  const headers = { 'x-outrigger-drain': 'secret' }
  const hooks = ['app', 'pod'].map(kind => ask(admin, `/v1/drain/${kind}`, { headers }))
  // The address is forgotten a while after the deletion.
  await new Promise(resolve => setTimeout(resolve, 700))
  const { sent, ok, failures } = await load.stop()
  t.is(ok, sent, JSON.stringify(failures))
  for (const { status, body } of await Promise.all(hooks)) {
    t.is(status, 200)
    t.regex(body, /"how":"drained"/)
  }
  // The model ends at once on SIGTERM, then the sidecar is told.
  server.close()
  server.closeAllConnections()
  const told = performance.now()
  child.kill('SIGTERM')
  t.is(await gone, 0)
  t.true(performance.now() - told < 2000, 'at once')
})

test('loopback mode: a model that listens on every address is told how not to', async t => {
  const everywhere = await listen(t, (_request, response) => void response.end(), '0.0.0.0')
  const port = new URL(`http://${everywhere.address}`).port
  const env = environment(`127.0.0.1:${port}`, folder(t))
  const { code, said } = await failed(t, { ...env, OUTRIGGER_TRAFFIC: `127.0.0.2:${port}` })
  t.is(code, 3)
  t.is(
    said,
    `outrigger sidecar: 127.0.0.2:${port} is taken (EADDRINUSE), most likely by the model, which listens on every address (0.0.0.0): let it listen on 127.0.0.1:${port} alone, or annotate the pod with outrigger.dev/mode: rename.\n`,
  )
  everywhere.server.close()
  await once(everywhere.server, 'close')
  const first = await running(t, `127.0.0.1:${port}`, {
    env: { OUTRIGGER_TRAFFIC: `127.0.0.2:${port}` },
  })
  let why = ''
  while (!why.includes('ECONNREFUSED')) why = (await ask(first.admin, '/readyz')).body
  t.regex(why, /has to listen on 127\.0\.0\.1:\d+ alone: .*EADDRINUSE.*mode: rename/)
})
