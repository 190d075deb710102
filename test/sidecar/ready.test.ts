import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { readiness, type Readiness } from '../../sidecar/ready.ts'
import { presence } from '../../sidecar/sights.ts'
import { VirtualTime } from './virtual/time.ts'

type Probe = NonNullable<Parameters<typeof readiness>[0]['probe']>
const app = { host: '127.0.0.1', port: 1 }
const clock = { us: () => 0 }
const DOWN = { why: 'down', refused: true }

/** A model that is asked as it is told; the one that asks stops with the test. */
function world(t: ExecutionContext) {
  const now = { resting: false, hurried: false, found: null as Awaited<ReturnType<Probe>>, us: 0 }
  const virtual = new VirtualTime()
  let asked = 0
  const ready = readiness({
    app,
    path: null,
    clock: { us: () => now.us },
    hurried: () => now.hurried,
    resting: () => now.resting,
    time: virtual.time,
    probe: () => {
      asked++
      return Promise.resolve(now.found)
    },
  })
  t.teardown(ready.stop)
  /** Seconds, each with the time to hear an answer; gives how often it asked in them. */
  const seconds = async (count: number, then = async (): Promise<void> => {}): Promise<number> => {
    const before = asked
    for (let i = 0; i < count; i++) {
      now.us += 1_000_000
      ready.tick()
      await then()
      await new Promise(setImmediate)
    }
    return asked - before
  }
  /** The question that is due in so many ms, and its answer. */
  const later = async (ms: number): Promise<void> => {
    virtual.pass(ms)
    await new Promise(setImmediate)
  }
  return { now, ready, seconds, later }
}

test('asked each second while it is used, only when somebody asks while nobody does, and at once when somebody does again', async t => {
  const { now, ready, seconds } = world(t)
  t.is(await seconds(1), 0, 'the question of the start is still out')
  t.true(ready.ready())
  t.is(await seconds(10, ready.fresh), 10, 'and not once more for who asks')
  now.resting = true
  t.is(await seconds(60), 0)
  t.is(await seconds(20, ready.fresh), 4, 'an answer is good for five seconds')
  now.resting = false
  t.is(await seconds(1), 1)
  now.resting = true
  t.is(await seconds(4, ready.fresh), 0, 'five seconds from the last question')
  now.hurried = true
  t.is(await seconds(1), 1, 'a container that is about to be started again')
})

test('who asks after a rest hears what is so now: a no when it was asked twice', async t => {
  const { now, ready, seconds, later } = world(t)
  await seconds(2)
  now.resting = true
  now.found = DOWN
  now.us += 60_000_000
  t.true(ready.ready())
  const asked = Promise.all([ready.fresh(), ready.fresh()])
  await later(0)
  t.true(ready.ready(), 'after one no')
  await later(250)
  await asked
  t.is(ready.why(), 'down')
  now.found = null
  await later(250)
  t.true(ready.ready())
})

test('and waits no longer than for a model that says nothing', async t => {
  const never = readiness({
    app,
    path: null,
    clock: { us: () => 0 },
    hurried: () => false,
    resting: () => true,
    probe: () => new Promise(() => undefined),
  })
  const asked = never.fresh()
  never.stop()
  await asked
  await never.fresh()
  t.is(never.why(), 'the model has not answered yet')
})

test('a model that fails is asked by a timer of its own, and no second time beside it', async t => {
  const { now, ready, seconds, later } = world(t)
  await seconds(2)
  now.found = DOWN
  t.is(await seconds(5), 1)
  t.true(ready.ready(), 'after one no')
  t.is(ready.last(), 'gone')
  await later(249)
  t.true(ready.ready())
  await later(1)
  t.is(ready.why(), 'down')
  now.found = null
  await later(250)
  t.is(ready.last(), 'answers')
  t.is(await seconds(5), 5, 'calm again')
})

test('nobody uses it: none is there, and none came since 10 s, nor is it that young', t => {
  let us = 1_000_000
  const admission = { inFlight: 0, queued: 0, lastArrivalUs: -Infinity }
  let upgraded = 0
  const { seen, resting } = presence(admission, { open: () => upgraded }, { us: () => us })
  const at = (seconds: number): boolean => {
    us = seconds * 1e6
    return resting()
  }
  t.false(at(10.9))
  t.true(at(11))
  admission.lastArrivalUs = 20e6
  t.deepEqual([at(29), at(30)], [false, true])
  upgraded = 1
  t.false(at(60))
  upgraded = 0
  admission.inFlight = 1
  t.false(at(60))
  admission.inFlight = 0
  admission.queued = 2
  t.false(at(60))
  t.deepEqual(seen(), { present: 2, lastArrivalUs: 20e6 })
})

/** What a real question finds at a server that does as told; `asked` is what it was sent. */
async function found(
  t: ExecutionContext,
  serve: (socket: Socket, asked: string) => void,
  path: string | null = '/ready',
): Promise<Readiness> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    if (path === null) serve(socket, '')
    else socket.on('data', data => serve(socket, data.toString()))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const resting = (): boolean => true
  const ready = readiness({ app: { ...app, port }, path, clock, hurried: resting, resting })
  t.teardown(ready.stop)
  const first = ready.why()
  while (ready.why() === first) await new Promise(setImmediate)
  return ready
}

const saying =
  (...parts: string[]) =>
  (socket: Socket): void => {
    const [part, ...rest] = parts
    socket.write(part ?? '', () => {
      if (rest.length === 0) socket.end()
      else setImmediate(() => saying(...rest)(socket))
    })
  }

test('what is asked, and which answers are a yes', async t => {
  let sent = ''
  const plain = await found(t, (socket, asked) => {
    sent = asked
    saying('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')(socket)
  })
  t.is(plain.why(), null)
  t.regex(sent, /^GET \/ready HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\nconnection: close\r\n\r\n$/)
  t.is((await found(t, saying('HTTP/1.0 399 Odd\r\n\r\n'))).why(), null)
  t.is((await found(t, saying('HTTP/1.', '1 20', '4\r\n\r\n'))).why(), null, 'in pieces')
  const early = 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'
  t.is((await found(t, saying(early, early + 'HTTP/1.1 200 OK\r\n\r\n'))).why(), null)
  t.is((await found(t, () => undefined, null)).why(), null, 'a connection')
})

test('which are a no, in words', async t => {
  const why = async (...parts: string[]) => (await found(t, saying(...parts))).why()
  t.is(await why('HTTP/1.1 503 Loading\r\n\r\n'), '/ready answered 503')
  t.is(await why('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not\r\n\r\n'), '/ready answered 404')
  const none = '/ready: closed without an answer in HTTP/1'
  t.is(await why('HTTP/2 200\r\n\r\n'), none)
  t.is(await why(`x${'HTTP/1.1 200 OK\r\n\r\n'.repeat(10_000)}`), none)
  t.is(await why('HTTP/1.1 100 Continue\r\n\r\n'), none)
  t.is((await found(t, socket => socket.destroy())).why(), none)
  const late = await found(t, () => undefined)
  t.is(late.why(), '/ready: no answer within 1000 ms')
  t.is(late.last(), 'silent')
})

test('nobody listens: gone', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  for (const path of ['/ready', null]) {
    const resting = (): boolean => true
    const ready = readiness({ app: { ...app, port }, path, clock, hurried: resting, resting })
    t.teardown(ready.stop)
    const first = ready.why()
    while (ready.why() === first) await new Promise(setImmediate)
    t.is(ready.last(), 'gone')
    const about = path === null ? '' : `${path}: `
    t.is(ready.why(), `${about}connect ECONNREFUSED 127.0.0.1:${port}`)
  }
})

test('an answer is taken to its end, and none holds its connection longer than a second', async t => {
  const { promise: left, resolve: gone } = Promise.withResolvers<void>()
  let written = 0
  await found(t, socket => {
    socket.once('close', () => gone())
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    const more = (): void => {
      if (socket.writable) socket.write('x'.repeat(1000), more)
      written++
    }
    more()
  })
  await left
  t.true(written > 17, 'past what is kept of it')
})
