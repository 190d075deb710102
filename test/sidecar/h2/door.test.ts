import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { door } from '../../../sidecar/forward/h2/door.ts'
import type { H2Front } from '../../../sidecar/forward/h2/front.ts'
import { sniffer } from '../../../sidecar/forward/h2/sniff.ts'

/** Both ends of a connection. */
async function pair(t: ExecutionContext): Promise<{ ours: Socket; theirs: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const theirs = connect((server.address() as AddressInfo).port, '127.0.0.1')
  theirs.on('error', () => undefined)
  const [ours] = (await once(server, 'connection')) as [Socket]
  t.teardown(() => {
    ours.destroy()
    theirs.destroy()
    server.close()
  })
  return { ours, theirs }
}

test('HTTP/2 is loaded with the first connection that speaks it, once', async t => {
  const taken: Socket[] = []
  let loads = 0
  const loaded = Promise.withResolvers<H2Front>()
  const front: H2Front = {
    accept: socket => void taken.push(socket),
    closeResting: () => undefined,
    destroy: () => undefined,
    look: () => undefined,
    open: () => ({ guests: 0, sessions: 0, calls: 0 }),
    close: () => undefined,
  }
  const h2 = door(() => {
    loads++
    return loaded.promise
  })
  h2.closeResting()
  h2.close()
  t.is(loads, 0)
  const [one, two] = [await pair(t), await pair(t)]
  h2.accept(one.ours, Buffer.from('PRI'))
  h2.accept(two.ours, Buffer.from('PRI'))
  loaded.resolve(front)
  await loaded.promise
  await new Promise(resolve => setImmediate(resolve))
  t.deepEqual(taken, [one.ours, two.ours])
  t.is(loads, 1)
  t.is(String(one.ours.read()), 'PRI')
})

test('where it could not be loaded the connection is closed, and the next one tries again', async t => {
  const taken: Socket[] = []
  const front = { accept: (socket: Socket) => void taken.push(socket) } as unknown as H2Front
  let tries = 0
  const h2 = door(() =>
    ++tries === 1 ? Promise.reject(new Error('EMFILE')) : Promise.resolve(front),
  )
  const [one, two] = [await pair(t), await pair(t)]
  h2.accept(one.ours, Buffer.from('PRI'))
  await once(one.ours, 'close')
  h2.accept(two.ours, Buffer.from('PRI'))
  await new Promise(resolve => setImmediate(resolve))
  t.is(tries, 2)
  t.deepEqual(taken, [two.ours])
})

test('nothing but its own files loads it', t => {
  const root = new URL('../../../sidecar/', import.meta.url)
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  const always = files.filter(
    file =>
      file.endsWith('.ts') && (!file.includes('forward/h2/') || /\/(door|sniff)\.ts$/.test(file)),
  )
  const loading = always.flatMap(file =>
    [...readFileSync(new URL(file, root), 'utf8').matchAll(/^import (?!type ).* from '(.*)'$/gm)]
      .map(([, from = '']) => from)
      .filter(from => from === 'node:http2' || /h2\/(?!door|sniff)/.test(from))
      .map(from => `${file}: ${from}`),
  )
  t.deepEqual(loading, [])
  t.true(always.length > 30)
})

test('the first bytes tell, however they come; who says nothing of either is dropped', async t => {
  const told: string[] = []
  const { promise: all, resolve } = Promise.withResolvers<void>()
  const { sniff, closeResting } = sniffer(200, (_socket, bytes, to) => {
    told.push(`${to} ${bytes.length}`)
    if (told.length === 3) resolve()
  })
  const say = async (...pieces: string[]): Promise<Socket> => {
    const { ours, theirs } = await pair(t)
    sniff(ours)
    theirs.setNoDelay(true)
    for (const piece of pieces) {
      theirs.write(piece)
      await new Promise(done => setImmediate(done))
    }
    return ours
  }
  await say('PRI * HTTP/2.0\r\n\r\nSM\r\n')
  await say('P', 'RI * HT', 'TP/2.0\r', '\n\r', '\nSM')
  await say('P', 'UT /')
  await all
  t.deepEqual(told.map(one => one.split(' ')[0]).toSorted(), ['compat', 'h2', 'h2'])
  t.true(told.includes('h2 22'))
  // One stops in the preface, one says nothing and has to go.
  const stuck = await say('PRI')
  await once(stuck, 'close')
  const silent = await say()
  closeResting(-1)
  await once(silent, 'close')
  t.is(told.length, 3)
})
