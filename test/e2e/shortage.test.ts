import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { running, type Running } from '../sidecar/running.ts'
import { ask, listen } from '../sidecar/support.ts'
import { until } from './client.ts'
import { MAIN } from './run.ts'

/** A real sidecar, as it is shipped, where descriptors or memory run short: it sheds, lives, and recovers. */
const SHIPPED = [process.execPath, '--max-semi-space-size=1', MAIN]
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
/** What the chart gives a sidecar. */
const MEMORY_LIMIT = 256 * 1024 * 1024
/** Nothing of ours is said to the model meanwhile. */
const ENV = { OUTRIGGER_METRICS_URL: 'http://127.0.0.1:9/', OUTRIGGER_FIRST_LIMIT: '100' }

interface Caller {
  socket: Socket
  /** All that it was answered. */
  got(): string
  closed: Promise<void>
}

function call(address: string, bytes: string): Caller {
  const socket = connect({ host: '127.0.0.1', port: Number(address.split(':').at(-1)) })
  let text = ''
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  socket.write(bytes, 'latin1')
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  socket.once('close', () => resolve())
  return { socket, got: () => text, closed }
}

/** The most memory that it ever took, bytes. */
function peak({ child }: Running): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
}

function cpuMs({ child }: Running): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}

async function started(t: ExecutionContext, env: Record<string, string>, command = SHIPPED) {
  const { address } = await listen(t, (_request, response) => void response.end('ok'))
  const sidecar = await running(t, address, { env: { ...ENV, ...env }, command })
  await until('ready', 10_000, async () => (await ask(sidecar.admin, '/readyz')).status === 200)
  return sidecar
}

async function recovers(t: ExecutionContext, sidecar: Running, base: number): Promise<void> {
  await until('descriptors are as before', 10_000, () => sidecar.fds() <= base)
  for (let i = 0; i < 20; i++) t.is((await ask(sidecar.traffic)).body, 'ok')
  t.is(sidecar.child.exitCode, null)
}

test.serial(
  '64 descriptors and bursts of 300 clients: some are served, the others are sent away',
  async t => {
    t.timeout(60_000)
    const shell = ['/bin/bash', '-c', 'ulimit -n 64; exec "$@"', 'bash', ...SHIPPED]
    const sidecar = await started(t, {}, shell)
    const base = sidecar.fds()
    for (let burst = 0; burst < 3; burst++) {
      const callers = Array.from({ length: 300 }, () => call(sidecar.traffic, GET))
      const is = (status: string) => (one: Caller) => one.got().startsWith(`HTTP/1.1 ${status}`)
      // Those that are served stay, and so do those that nobody has answered.
      await until('who is served is served', 10_000, () => callers.filter(is('200')).length >= 8)
      await Promise.all(callers.filter(one => !is('200')(one)).map(({ closed }) => closed))
      t.is(callers.filter(is('200')).length, 8)
      t.true(callers.filter(is('503')).length >= 8)
      // What is measured and asked for meanwhile has its descriptors.
      await until(
        'samples',
        5000,
        async () => (await ask(sidecar.admin, '/v1/samples')).body !== '',
      )
      t.is((await ask(sidecar.metrics, '/metrics')).status, 200)
      t.true(sidecar.fds() < 64)
      callers.forEach(({ socket }) => socket.destroy())
      await recovers(t, sidecar, base)
    }
  },
)

test.serial('not even one descriptor left: it lives, rests, and serves again', async t => {
  t.timeout(60_000)
  // Fewer than it leaves to itself.
  const shell = ['/bin/bash', '-c', 'ulimit -n 34; exec "$@"', 'bash', ...SHIPPED]
  const sidecar = await started(t, {}, shell)
  const base = sidecar.fds()
  const callers = Array.from({ length: 100 }, () => call(sidecar.traffic, GET))
  // The ports that are not bounded take what is left; libuv's own spare one comes and goes.
  await until('they are used up', 10_000, () => {
    callers.push(...Array.from({ length: 10 }, () => call(sidecar.admin, '')))
    return sidecar.fds() >= 33
  })
  const before = cpuMs(sidecar)
  await new Promise(resolve => setTimeout(resolve, 2500))
  t.true(cpuMs(sidecar) - before < 1500, 'it does not spin')
  callers.forEach(({ socket }) => socket.destroy())
  await recovers(t, sidecar, base)
})

test.serial(
  '3,000 half heads, and 500 clients that send before their turn: within its memory',
  async t => {
    t.timeout(90_000)
    const sidecar = await started(t, { OUTRIGGER_HEAD_TIMEOUT: '60000' })
    const base = sidecar.fds()
    const head = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(31_000)}`
    const slow = Array.from({ length: 3000 }, () => call(sidecar.traffic, head))
    const shed = (one: Caller): boolean => one.got().startsWith('HTTP/1.1 503')
    await until('some are sent away', 20_000, () => slow.filter(shed).length > 1000)
    t.regex(slow.find(shed)?.got() ?? '', /"reason":"memory"/)
    t.true(slow.filter(one => one.got() === '').length > 300, 'others are not')
    // Who asks in one piece is served meanwhile.
    t.is((await ask(sidecar.traffic)).body, 'ok')
    slow.forEach(({ socket }) => socket.destroy())
    await recovers(t, sidecar, base)
    // One answer each is awaited; the rest has come too early.
    const many = GET.repeat(3000)
    const early = Array.from({ length: 500 }, () => call(sidecar.traffic, many))
    await until('they are answered', 20_000, () =>
      early.every(({ got, socket }) => got() !== '' || socket.destroyed),
    )
    early.forEach(({ socket }) => socket.destroy())
    await recovers(t, sidecar, base)
    t.log(`at most ${Math.round(peak(sidecar) / 1024 / 1024)} MiB`)
    t.true(peak(sidecar) < MEMORY_LIMIT, `${peak(sidecar)}`)
  },
)
