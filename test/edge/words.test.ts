import type { IncomingMessage, ServerResponse } from 'node:http'
import test from 'ava'
import { HEADERS } from '../../core/model/tables.ts'
import { newKeyPair, signer } from '../../core/runtime/signing.ts'
import { ask, ENDPOINT, entry, fakeController, portOf, startTestEdge, until } from './bench.ts'
import { fakeSidecar } from './fake-sidecar.ts'

const PASS = Buffer.from(JSON.stringify(entry([]).pass)).toString('base64url')

/** A sidecar's answers, with what it was shown; `tells` says what stands for a pass on a connection. */
function telling(tells: (connection: number) => string | null) {
  const connections = new Map<object, number>()
  const shown: { connection: number; value: string }[] = []
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const connection = connections.get(request.socket) ?? connections.size
    connections.set(request.socket, connection)
    const value = String(request.headers[HEADERS.pass])
    shown.push({ connection, value })
    const word = tells(connection)
    if (word !== null && value.length > 100) response.setHeader(HEADERS.pass, word)
    setTimeout(() => response.end('ok'), 5)
  }
  return { shown, answer }
}

test('what a sidecar tells in answer to the pass goes in its place, on that connection alone', async t => {
  const sidecar = await fakeSidecar(t, 2)
  // A lane would take the place of both connections.
  sidecar.lanes = false
  const { shown, answer } = telling(connection => `word-of-${connection}`)
  sidecar.answer = answer
  const controller = await fakeController(t, [entry([sidecar])])
  const port = await portOf(await startTestEdge(t, controller.url))
  for (let i = 0; i < 4; i++) {
    const [one] = await Promise.all([ask(port), ask(port)])
    t.is(one.headers[HEADERS.pass], undefined)
  }
  const seen = new Set<number>()
  for (const { connection, value } of shown) {
    t.is(value, seen.has(connection) ? `word-of-${connection}` : PASS)
    seen.add(connection)
  }
  t.is(seen.size, 2)
})

test('an older sidecar tells nothing: the pass goes each time', async t => {
  const sidecar = await fakeSidecar(t)
  const { shown, answer } = telling(() => null)
  sidecar.answer = answer
  const controller = await fakeController(t, [entry([sidecar])])
  const port = await portOf(await startTestEdge(t, controller.url))
  for (let i = 0; i < 3; i++) await ask(port)
  t.deepEqual(new Set(shown.map(({ value }) => value)), new Set([PASS]))
})

test('a new pass is shown itself before a word stands for it', async t => {
  const sidecar = await fakeSidecar(t)
  const { shown, answer } = telling(() => 'word')
  sidecar.answer = answer
  const controller = await fakeController(t, [entry([sidecar])])
  const edge = await startTestEdge(t, controller.url)
  const port = await portOf(edge)
  for (let i = 0; i < 2; i++) await ask(port)
  const pass = signer(newKeyPair(), 4e12).pass({ edge: 'edge-1', endpoint: ENDPOINT, until: 4e12 })
  controller.set(entry([sidecar], { pass }))
  await until(async () => {
    await ask(port)
    return shown.some(({ value }) => value.length > 100 && value !== PASS)
  }, 'the new pass')
  await ask(port)
  t.is(shown.at(-1)?.value, 'word')
})

test('where a word is not taken, because a mesh mixes connections up, it is the last one', async t => {
  const sidecar = await fakeSidecar(t)
  const { shown, answer } = telling(() => 'word')
  sidecar.answer = (request, response) => {
    if (request.headers[HEADERS.pass] === 'word') {
      response.removeHeader(HEADERS.slots)
      response.setHeader(HEADERS.waited, '0')
    }
    answer(request, response)
  }
  const controller = await fakeController(t, [entry([sidecar])])
  const port = await portOf(await startTestEdge(t, controller.url))
  for (let i = 0; i < 5; i++) t.is((await ask(port)).body, 'ok')
  t.deepEqual(
    shown.map(({ value }) => value),
    [PASS, 'word', PASS, PASS, PASS],
  )
})
