import test from 'ava'
import { failedStart, startModel } from '../model-process.ts'

const SERVER = 'agent/server.ts'
type Answer = { answer: string; calls: { ms: number }[] }

test('fifty requests at once take less than half of one after another', async t => {
  const model = await startModel(t, SERVER, { env: { AGENT_SEED: '3' } })
  const begun = performance.now()
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, at) => model.post('/v1/run', { question: `number ${at}` })),
  )
  const answers = (await Promise.all(replies.map(reply => reply.json()))) as Answer[]
  const together = performance.now() - begun
  t.true(replies.every(reply => reply.status === 200))
  t.true(answers.every(({ answer }, at) => answer.endsWith(`number ${at}`)))
  const waits = answers.map(({ calls }) => calls.reduce((sum, { ms }) => sum + ms, 0))
  const oneByOne = waits.reduce((sum, wait) => sum + wait, 0)
  t.true(together < oneByOne / 2, `${together} ms together, ${oneByOne} ms one by one`)
  t.true(together >= Math.max(...waits))
})

test('answers bad input with 400', async t => {
  const model = await startModel(t, SERVER)
  const bad = ['{', [], {}, { question: '' }, { question: 3 }, { question: 'x'.repeat(4_001) }]
  for (const body of bad) t.is((await model.post('/v1/run', body)).status, 400)
  t.is((await fetch(`${model.url}/healthz`)).status, 200)
  t.is((await fetch(`${model.url}/v1/run`)).status, 404)
})

test('SIGTERM: finishes what waits and exits 0', async t => {
  const model = await startModel(t, SERVER)
  const body = { question: 'why?' }
  const begun = await Promise.all([1, 2, 3].map(() => model.begin('/v1/run', body)))
  const code = model.stop()
  t.deepEqual(await Promise.all(begun.map(({ finish }) => finish())), [200, 200, 200])
  t.is(await code, 0)
})

test('a client that leaves is not waited for', async t => {
  const model = await startModel(t, SERVER, { env: { AGENT_MEAN_MS: '60000' } })
  const gone = new AbortController()
  const left = model.post('/v1/run', { question: 'why?' }, gone.signal)
  await fetch(`${model.url}/healthz`)
  gone.abort()
  await t.throwsAsync(left)
  t.is(await model.stop(), 0)
})

test('refuses a bad setting', async t => {
  const { code, stderr } = await failedStart(SERVER, { env: { AGENT_SEED: '1.5' } })
  t.is(code, 2)
  t.regex(stderr, /AGENT_SEED must be a whole number, got "1.5"/)
})
