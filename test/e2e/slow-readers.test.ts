import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { entry, fakeController } from '../edge/bench.ts'
import type { FakeSidecar } from '../edge/fake-sidecar.ts'
import { portAt, startProcess } from '../edge/process.ts'
import { running } from '../sidecar/running.ts'
import { ask, listen } from '../sidecar/support.ts'
import { until } from './client.ts'

/** Real processes, and many clients that ask for much and read nothing of it. */
const CLIENTS = 40
/** More than the kernel takes for a client (tcp_wmem: 4 MiB). */
const LARGE = Buffer.alloc(8_000_000, 'x')
const BOUND = { OUTRIGGER_UNREAD_BYTES: String(1024 * 1024) }
/** Each that holds something counts 64 KiB and more, and has two descriptors at most. */
const MOST_FILES = 2 * 16

/** A sidecar in front of a model whose answers are large. */
async function sidecarWith(t: ExecutionContext, env: Record<string, string>) {
  let asked = 0
  const { address } = await listen(t, (_request, response) => {
    asked++
    response.end(LARGE)
  })
  const one = await running(t, address, { env: { OUTRIGGER_FIRST_LIMIT: '500', ...env } })
  return { one, asked: () => asked }
}

/** They ask, and are told to read nothing. */
function stall(t: ExecutionContext, address: string): void {
  const [host, port] = address.split(':')
  for (let i = 0; i < CLIENTS; i++) {
    const socket = connect({ host: host ?? '', port: Number(port) })
    socket.on('error', () => undefined)
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    t.teardown(() => void socket.destroy())
  }
}

async function bounded(
  t: ExecutionContext,
  address: string,
  asked: () => number,
  files: () => number,
): Promise<void> {
  t.is((await ask(address)).body.length, LARGE.length)
  const before = files()
  stall(t, address)
  await until('all have asked', 20_000, () => asked() > CLIENTS)
  const left = (): number => files() - before
  await until('most of them are cut off', 20_000, () => left() <= MOST_FILES)
  t.true(left() > 0, 'some hold something still')
  t.is((await ask(address)).body.length, LARGE.length, 'who reads is served')
}

test('a sidecar keeps so much of what clients do not read, and cuts the others off', async t => {
  const { one, asked } = await sidecarWith(t, BOUND)
  await bounded(t, one.traffic, asked, one.fds)
})

test('so does an edge', async t => {
  const { one, asked } = await sidecarWith(t, {})
  const replica = { address: one.traffic, limit: 500 } as FakeSidecar
  const controller = await fakeController(t, [entry([replica])])
  const { child, admin } = await startProcess(t, controller.url, [], BOUND)
  const files = (): number => readdirSync(`/proc/${child.pid}/fd`).length
  await bounded(t, `127.0.0.1:${await portAt(admin)}`, asked, files)
})
