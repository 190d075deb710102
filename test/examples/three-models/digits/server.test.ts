import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import { failedStart, startModel } from '../model-process.ts'

const HOLDOUT = new URL('../../../../examples/three-models/digits/holdout.json', import.meta.url)
const SERVER = 'digits/server.ts'
const image = Array.from({ length: 64 }, () => 8)

test('names at least 95 % of the held-out digits', async t => {
  const model = await startModel(t, SERVER)
  const { pixels, labels } = JSON.parse(await readFile(HOLDOUT, 'utf8'))
  let right = 0
  for (let from = 0; from < labels.length; from += 64) {
    const reply = await model.post('/v1/predict', { pixels: pixels.slice(from, from + 64) })
    t.is(reply.status, 200)
    const answer = (await reply.json()) as { labels: number[] }
    t.is(answer.labels.length, Math.min(64, labels.length - from))
    right += answer.labels.filter((label, at) => label === labels[from + at]).length
  }
  t.true(labels.length >= 200)
  t.true(right / labels.length >= 0.95, `${right} of ${labels.length}`)
})

test('answers bad input with 400 and goes on', async t => {
  const model = await startModel(t, SERVER)
  const bad = [
    'not json',
    '',
    [],
    {},
    { pixels: 'x' },
    { pixels: [] },
    { pixels: Array.from({ length: 65 }, () => image) },
    { pixels: [image.slice(1)] },
    { pixels: [[...image.slice(1), 'x']] },
    { pixels: [[...image.slice(1), null]] },
    { pixels: [[...image.slice(1), -1]] },
    { pixels: [[...image.slice(1), 17]] },
    ' '.repeat(300 * 1024),
  ]
  for (const body of bad) {
    const reply = await model.post('/v1/predict', body)
    t.is(reply.status, 400, JSON.stringify(body).slice(0, 60))
    const { error } = (await reply.json()) as { error: { message: string } }
    t.not(error.message, '')
  }
  t.is((await fetch(`${model.url}/nowhere`)).status, 404)
  t.is((await fetch(`${model.url}/healthz`)).status, 200)
  t.is((await model.post('/v1/predict', { pixels: [image] })).status, 200)
})

test('SIGTERM: finishes what is in flight and exits 0', async t => {
  const model = await startModel(t, SERVER)
  const body = { pixels: Array.from({ length: 64 }, () => image) }
  const begun = await Promise.all([1, 2, 3].map(() => model.begin('/v1/predict', body)))
  const code = model.stop()
  t.deepEqual(await Promise.all(begun.map(({ finish }) => finish())), [200, 200, 200])
  t.is(await code, 0)
})

test('refuses to start without its model, on a bad PORT and on a port in use', async t => {
  const noModel = await failedStart(SERVER, { args: ['--model', '/nowhere.onnx'] })
  t.not(noModel.code, 0)
  t.regex(noModel.stderr, /nowhere\.onnx/)

  const badPort = await failedStart(SERVER, { env: { PORT: '99999' } })
  t.is(badPort.code, 2)
  t.regex(badPort.stderr, /PORT must be a number from 0 to 65535, got "99999"/)

  const other = createServer()
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  const taken = await failedStart(SERVER, { env: { PORT: String(port) } })
  other.close()
  t.is(taken.code, 1)
  t.regex(taken.stderr, /EADDRINUSE.*Set another PORT/)
})
