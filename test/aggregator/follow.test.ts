import { createServer, type AddressInfo, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { Streams } from '../../aggregator/follow.ts'
import { Store } from '../../aggregator/store/store.ts'
import type { Sample } from '../../core/model/sample.ts'
import { systemClock } from '../../core/runtime/clock.ts'
import { busy, ENDPOINT, life, sampleOf, target } from './samples.ts'
import { fakeSender, until } from './sender.ts'

interface Followed {
  store: Store
  streams: Streams
  seen: Sample[]
  said: string[]
  /** Follows these admin addresses as replicas a, b, ... */
  follow(addresses: string[], kind?: 'replica' | 'edge'): void
}

function followed(t: ExecutionContext, silenceMs = 2000): Followed {
  const clock = systemClock()
  const seen: Sample[] = []
  const said: string[] = []
  const store = new Store(sample => void seen.push(sample))
  const log = (_level: string, message: string, fields: unknown = {}): void =>
    void said.push(`${message} ${JSON.stringify(fields)}`)
  const streams = new Streams({ store, clock, log, random: () => 0, silenceMs })
  t.teardown(() => streams.stop())
  return {
    store,
    streams,
    seen,
    said,
    follow(addresses, kind = 'replica') {
      const targets = addresses.map((admin, i) => ({
        kind,
        endpoint: kind === 'edge' ? null : ENDPOINT,
        replica: 'abc'[i] ?? 'x',
        revision: null,
        admin,
        expected: true,
      }))
      store.setTargets(targets, clock.now())
      streams.set(targets)
    },
  }
}

/** The second that began `ago` seconds ago. */
const secondsAgo = (ago: number): number => Math.floor(Date.now() / 1000 - ago) * 1000
const numbers = (samples: readonly Sample[]): number[] => samples.map(({ seq }) => seq)
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

test('a broken stream is resumed without a gap and without a repeat', async t => {
  const sender = await fakeSender()
  const { follow, seen, store } = followed(t)
  const samples = life(25, {}, secondsAgo(30))
  for (const sample of samples.slice(0, 5)) sender.push(sample)
  follow([sender.address])
  await until(() => seen.length === 5)
  for (const at of [5, 10, 15]) {
    for (const sample of samples.slice(at, at + 3)) sender.push(sample)
    await until(() => seen.length === at + 3)
    await sender.cut()
    for (const sample of samples.slice(at + 3, at + 5)) sender.push(sample, true)
    await until(() => seen.length === at + 5)
  }
  t.deepEqual(numbers(seen), upTo(20))
  t.deepEqual(sender.asked.slice(0, 2), ['none:0', 'boot1:7'])
  t.is(store.taken.new, 20)
  t.is(store.taken.nonsense, 0)
  await sender.close()
})

test("an edge's last second is asked for again: it has a line an endpoint", async t => {
  const sender = await fakeSender()
  const { follow, seen, store } = followed(t)
  const line = (endpoint: string, seq: number): Sample =>
    busy(1, 1, { kind: 'edge', endpoint, seq, start: secondsAgo(9 - seq) })
  for (const seq of [1, 2]) sender.push(line('local/one', seq))
  follow([sender.address], 'edge')
  await until(() => seen.length === 2)
  await sender.cut()
  sender.push(line('local/two', 2), true)
  await until(() => seen.length === 3)
  t.is(sender.asked[1], 'boot1:1')
  t.like(store.taken, { new: 3, duplicate: 1 })
  await sender.close()
})

test('a restarted sender goes on under its new life', async t => {
  const sender = await fakeSender()
  const { follow, seen, store } = followed(t)
  for (const sample of life(3, {}, secondsAgo(10))) sender.push(sample)
  follow([sender.address])
  await until(() => seen.length === 3)
  await sender.cut()
  for (const sample of life(2, { boot: 'boot2' }, secondsAgo(6))) sender.push(sample)
  await until(() => seen.filter(({ boot }) => boot === 'boot2').length === 2)
  t.is(store.taken.new, 5)
  await sender.close()
})

for (const hours of [-1, 1]) {
  test(`a clock ${hours} h off is corrected`, async t => {
    const skew = hours * 3_600_000
    const sender = await fakeSender(skew)
    const { follow, seen, store } = followed(t)
    for (const sample of life(5, {}, secondsAgo(7) + skew)) sender.push(sample)
    follow([sender.address])
    await until(() => seen.length === 5)
    const windows = store.windows(ENDPOINT, Date.now(), true)?.windows
    t.is(windows?.['20']?.replicas.samples, 5)
    t.true((windows?.['20']?.stalenessMs ?? Infinity) < 20_000)
    await sender.close()
  })
}

for (const [what, line] of [
  ['another schema', '{"v":1}'],
  ['no JSON', 'hello'],
  ['a line without end', `"${'x'.repeat(70_000)}"`],
  ['a sample of another endpoint', sampleOf({ endpoint: 'other/model' })],
  ['a sample from the future', sampleOf({ start: Date.now() + 3_600_000 })],
] as const) {
  test(`a sender of nonsense is dropped and counted, others go on: ${what}`, async t => {
    const [bad, good] = [await fakeSender(), await fakeSender()]
    const { follow, seen, said, store, streams } = followed(t)
    follow([bad.address, good.address])
    await until(() => streams.counts().open === 2)
    bad.push(line)
    await until(() => store.taken.nonsense === 1)
    good.push(busy(1, 1, { replica: 'b', start: secondsAgo(2) }))
    await until(() => seen.length === 1)
    t.is(seen[0]?.replica, 'b')
    await until(() => bad.asked.length > 2)
    t.is(said.length, 1, 'said once, though it does it again')
    t.regex(said[0] ?? '', /sent nonsense/)
    await Promise.all([bad.close(), good.close()])
  })
}

test('a dead sender is given up and tried again, and blocks nobody', async t => {
  const sockets = new Set<Socket>()
  const dead = createServer(socket => void sockets.add(socket.on('error', () => {})))
  await new Promise<void>(resolve => dead.listen(0, '127.0.0.1', resolve))
  const sender = await fakeSender()
  const { follow, seen, streams } = followed(t, 150)
  follow([`127.0.0.1:${(dead.address() as AddressInfo).port}`, sender.address, '127.0.0.1:1'])
  sender.push(busy(1, 1, { replica: 'b', start: secondsAgo(3) }))
  await until(() => seen.length === 1)
  await until(() => streams.allAnswered())
  await until(() => sockets.size >= 2)
  t.true(streams.counts().lost >= 2)
  for (const socket of sockets) socket.destroy()
  await new Promise(resolve => dead.close(resolve))
  await sender.close()
})

test('one that starts or leaves is not lost while it does not listen', async t => {
  const { streams } = followed(t)
  streams.set([{ ...target, expected: false }])
  await until(() => streams.allAnswered())
  t.deepEqual(streams.counts(), { open: 0, lost: 0 })
  streams.set([target])
  t.deepEqual(streams.counts(), { open: 0, lost: 1 })
})

test('a slow sender, whose lines come in bits and late, loses nothing', async t => {
  const lines = life(4, {}, secondsAgo(12)).map(sample => JSON.stringify(sample))
  const bytes = Buffer.from(`${lines.join('\n')}\n`)
  const slow = createServer(socket => {
    socket.on('error', () => {}).resume()
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
    let at = 0
    const timer = setInterval(() => {
      const bit = bytes.subarray(at, (at += 333))
      if (bit.length > 0) socket.write(`${bit.length.toString(16)}\r\n${bit.toString()}\r\n`)
    }, 5)
    socket.on('close', () => clearInterval(timer))
  })
  await new Promise<void>(resolve => slow.listen(0, '127.0.0.1', resolve))
  const { follow, seen, streams } = followed(t, 500)
  follow([`127.0.0.1:${(slow.address() as AddressInfo).port}`])
  await until(() => seen.length === 4)
  t.deepEqual(numbers(seen), upTo(4))
  streams.stop()
  await new Promise(resolve => slow.close(resolve))
})
