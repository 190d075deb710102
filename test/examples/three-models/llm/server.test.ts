import test from 'ava'
import { startModel } from '../model-process.ts'
import type { ModelProcess } from '../model-process.ts'

const SERVER = 'llm/server.ts'
const CHAT = '/v1/chat/completions'
const FAST = { EMULATOR_SPEED: '50' }
const messages = [{ role: 'user', content: 'three short words' }]

type Choice = { delta?: { role?: string; content?: string }; text?: string; finish_reason: unknown }
type Chunk = { id: string; object: string; choices: Choice[]; usage?: unknown }

/** The events of a stream, each checked for its framing. */
function eventsOf(body: string): string[] {
  if (!body.endsWith('\n\n')) throw new Error('the last event is cut')
  return body
    .slice(0, -2)
    .split('\n\n')
    .map(event => {
      if (!/^data: [^\n]+$/.test(event)) throw new Error(`not an event: ${event}`)
      return event.slice('data: '.length)
    })
}

async function metric(model: ModelProcess, name: string): Promise<number> {
  const text = await (await fetch(`${model.url}/metrics`)).text()
  const line = `vllm:${name}{engine="0",model_name="emulated-llm"} `
  const found = text.split('\n').find(one => one.startsWith(line))
  return Number(found?.slice(line.length) ?? NaN)
}

/** Asks again until the metric has the value; the test's own time-out is the bound. */
async function becomes(model: ModelProcess, name: string, value: number): Promise<void> {
  while ((await metric(model, name)) !== value);
}

test('streams a chat: role, content, finish reason, usage, [DONE]', async t => {
  const model = await startModel(t, SERVER, { env: FAST })
  const options = { stream: true, stream_options: { include_usage: true } }
  const reply = await model.post(CHAT, { messages, max_tokens: 5, ...options })
  t.is(reply.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  const events = eventsOf(await reply.text())
  t.is(events.pop(), '[DONE]')
  const chunks = events.map(event => JSON.parse(event) as Chunk)
  t.is(new Set(chunks.map(({ id }) => id)).size, 1)
  t.true(chunks.every(({ object }) => object === 'chat.completion.chunk'))
  const [opening, ...rest] = chunks
  t.deepEqual(opening?.choices[0]?.delta, { role: 'assistant', content: '' })
  const last = rest.pop()
  t.deepEqual(last?.choices, [])
  t.deepEqual(last?.usage, { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 })
  t.is(rest.map(({ choices }) => choices[0]?.delta?.content).join(''), WORDS)
  const reasons = rest.map(({ choices }) => choices[0]?.finish_reason)
  t.deepEqual(reasons, [null, null, null, null, 'length'])
})

const WORDS = 'This text is emulated: no'

test('answers without streaming, chat and completion', async t => {
  const model = await startModel(t, SERVER, { env: FAST })
  const usage = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 }
  const chat = (await (await model.post(CHAT, { messages, max_tokens: 5 })).json()) as object
  t.like(chat, { object: 'chat.completion', model: 'emulated-llm', usage })
  const message = { role: 'assistant', content: WORDS }
  t.like(chat, { choices: [{ index: 0, message, finish_reason: 'length' }] })

  const body = { prompt: 'three short words', max_tokens: 5 }
  const whole = (await (await model.post('/v1/completions', body)).json()) as object
  t.like(whole, { object: 'text_completion', usage, choices: [{ text: WORDS }] })
  const streamed = await model.post('/v1/completions', { ...body, stream: true })
  const events = eventsOf(await streamed.text())
  t.is(events.pop(), '[DONE]')
  t.is(events.map(event => (JSON.parse(event) as Chunk).choices[0]?.text).join(''), WORDS)
})

test('a client that leaves frees its blocks, also while it waits', async t => {
  const env = { EMULATOR_MAX_SEQS: '1' }
  const model = await startModel(t, SERVER, { env })
  const gone = [new AbortController(), new AbortController()] as const
  const body = { messages, max_tokens: 10_000, stream: true }
  const first = await model.post(CHAT, body, gone[0].signal)
  await becomes(model, 'num_requests_running', 1)
  const second = await model.post(CHAT, body, gone[1].signal)
  t.is(await metric(model, 'num_requests_waiting'), 1)
  t.true((await metric(model, 'kv_cache_usage_perc')) > 0)
  gone[1].abort()
  await becomes(model, 'num_requests_waiting', 0)
  gone[0].abort()
  await becomes(model, 'num_requests_running', 0)
  t.is(await metric(model, 'kv_cache_usage_perc'), 0)
  await t.throwsAsync(first.text())
  await t.throwsAsync(second.text())
})

test('under KV pressure it preempts and still gives everybody every token', async t => {
  const env = { ...FAST, EMULATOR_KV_BLOCKS: '12' }
  const model = await startModel(t, SERVER, { env })
  const body = { prompt: 'word '.repeat(20), max_tokens: 60 }
  const asked = Array.from({ length: 8 }, () => model.post('/v1/completions', body))
  const replies = await Promise.all(asked)
  t.true(replies.every(reply => reply.status === 200))
  const answers = (await Promise.all(replies.map(reply => reply.json()))) as Chunk[]
  t.true(answers.every(({ choices }) => choices[0]?.text?.split(' ').length === 60))
  t.true((await metric(model, 'num_preemptions_total')) > 0)
  t.is(await metric(model, 'generation_tokens_total'), 8 * 60)
  t.is(await metric(model, 'prompt_tokens_total'), 8 * 20)
  t.is(await metric(model, 'time_to_first_token_seconds_count'), 8)
  t.is(await metric(model, 'kv_cache_usage_perc'), 0)
})

test('answers the small routes, and bad input with OpenAI-style errors', async t => {
  const model = await startModel(t, SERVER, { env: { ...FAST, EMULATOR_KV_BLOCKS: '4' } })
  t.is((await fetch(`${model.url}/health`)).status, 200)
  const models = (await (await fetch(`${model.url}/v1/models`)).json()) as object
  t.like(models, { object: 'list', data: [{ id: 'emulated-llm', object: 'model' }] })
  const tooLong = await model.post(CHAT, { messages, max_tokens: 62 })
  t.is(tooLong.status, 400)
  const message = 'prompt and max_tokens together may have 64 tokens at most'
  t.deepEqual(await tooLong.json(), { error: { message, type: 'BadRequestError', code: 400 } })
  t.is((await model.post(CHAT, '{')).status, 400)
  t.is((await model.post(CHAT, { messages, model: 'other' })).status, 404)
})

test('SIGTERM: finishes its streams and exits 0', async t => {
  const model = await startModel(t, SERVER, { env: FAST })
  const reply = await model.post(CHAT, { messages, max_tokens: 300, stream: true })
  const code = model.stop()
  const events = eventsOf(await reply.text())
  t.is(events.length, 302)
  t.is(await code, 0)
})
