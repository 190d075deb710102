import { spawn, type ChildProcess } from 'node:child_process'
import { once as event } from 'node:events'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { freePort } from '../../local/ports.ts'
import { Random } from '../../simulate/random.ts'
import { running, type Running } from '../sidecar/running.ts'
import { ask } from '../sidecar/support.ts'
import { pause, until } from './client.ts'
import { deedsOf, once, requestOf } from './faults/clients.ts'
import { MAIN } from './run.ts'

/**
 * A real sidecar between clients that come and go in every wrong way and a model that does, too, and is killed
 * under load again and again. Afterwards nothing may be left: no slot, no place in the queue, no descriptor.
 */
const MODEL = join(import.meta.dirname, 'faults/model.ts')
const SHIPPED = [process.execPath, '--max-semi-space-size=1', MAIN]
const ACTIONS = 3000
const MANY = 40
const EVERY_MS = 500
const PATHS =
  '/ok /slow /big /chunks /half-head /half-body /half-chunk /nothing /reset /reset-body /end /end-body /deaf /early /early-close'.split(
    ' ',
  )

async function model(t: ExecutionContext, port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MODEL, String(port)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  if (child.stdout !== null) await event(child.stdout, 'data')
  return child
}

/** Killed and started again, over and over; the function given back ends it and leaves a living one. */
function mortal(t: ExecutionContext, port: number, first: ChildProcess) {
  let child = first
  let deaths = 0
  let ending = false
  const lives = (async () => {
    for (;;) {
      await pause(EVERY_MS)
      if (ending) return deaths
      child.kill('SIGKILL')
      await event(child, 'exit')
      child = await model(t, port)
      deaths++
    }
  })()
  return (): Promise<number> => {
    ending = true
    return lives
  }
}

/** Numbers of the page, summed over what `match` finds. */
function sum(page: string, match: string): number {
  const lines = page.match(new RegExp(`^${match}.* \\S+$`, 'gm')) ?? []
  return lines.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0)
}

const left = (page: string): Record<string, number> => ({
  inFlight: sum(page, 'outrigger_requests_in_flight'),
  queued: sum(page, 'outrigger_requests_queued'),
  clients: sum(page, 'outrigger_connections.*side="client"'),
  models: sum(page, 'outrigger_connections.*side="model"'),
})

async function nothingLeft(
  t: ExecutionContext,
  { metrics, fds, child, said }: Running,
  base: number,
): Promise<void> {
  let seen = ''
  await until('all is as it was', 10_000, async () => {
    const { body } = await ask(metrics, '/metrics')
    // The probe of the model has one now and then.
    seen = JSON.stringify({ ...left(body), fds: fds() - base })
    const gone = Object.values(left(body)).every(n => n === 0) && fds() <= base
    const began = sum(body, 'outrigger_offered_requests_total')
    const ended = sum(body, 'outrigger_requests_total') + sum(body, 'outrigger_rejected')
    seen += ` offered ${began}, ended ${ended}`
    return gone && began === ended
  }).catch((error: unknown) => t.fail(`${String(error)}: ${seen}`))
  t.is(child.exitCode, null, said())
  t.notRegex(said(), /"level":"(error|warn)"/)
}

for (const carrier of ['fast', 'compat'] as const) {
  test.serial(
    `${carrier}: whatever dies, stalls, resets or answers early, nothing is left`,
    async t => {
      t.timeout(150_000)
      const port = await freePort()
      const first = await model(t, port)
      const sidecar = await running(t, `127.0.0.1:${port}`, {
        command: SHIPPED,
        env: {
          OUTRIGGER_CARRIER: carrier,
          OUTRIGGER_FIRST_LIMIT: '12',
          OUTRIGGER_FIRST_QUEUE_MS: '200',
          OUTRIGGER_HEAD_TIMEOUT: '300',
          OUTRIGGER_BODY_TIMEOUT: '300',
          OUTRIGGER_IDLE_TIMEOUT: '500',
          OUTRIGGER_METRICS_URL: 'http://127.0.0.1:9/',
          OUTRIGGER_LOG_LEVEL: 'info',
        },
      })
      while ((await ask(sidecar.admin, '/readyz')).status !== 200) await pause(20)
      await nothingLeft(t, sidecar, Infinity)
      const base = sidecar.fds()
      const random = new Random(carrier === 'fast' ? 1 : 2)
      const deeds = Object.entries(deedsOf(random))
      const done = new Map(deeds.map(([name]) => [name, 0]))
      const stop = mortal(t, port, first)
      const traffic = Number(sidecar.traffic.split(':').at(-1))
      const lingered: string[] = []
      let begun = 0
      async function client(): Promise<void> {
        while (begun++ < ACTIONS) {
          const [name, deed] = deeds[begun % deeds.length] ?? t.fail('no deed')
          const path = PATHS[random.below(PATHS.length)] ?? ''
          if (!(await once(traffic, deed, requestOf(path, random))))
            lingered.push(`${name} ${path}`)
          done.set(name, (done.get(name) ?? 0) + 1)
        }
      }
      await Promise.all(Array.from({ length: MANY }, client))
      const deaths = await stop()
      t.log(`the model died ${deaths} times; ${JSON.stringify(Object.fromEntries(done))}`)
      t.deepEqual(lingered, [])
      await nothingLeft(t, sidecar, base)
      t.is((await ask(sidecar.traffic, '/ok')).body, 'ok')
      t.true(deaths >= 5 && [...done.values()].every(n => n >= 190))
    },
  )
}
