import test from 'ava'
import { requestFrom } from '../../../../examples/three-models/llm/request.ts'

const messages = [
  { role: 'system', content: 'be brief' },
  { role: 'user', content: [{ type: 'text', text: ' what  is\nit? ' }, { type: 'image_url' }] },
]

test('counts words as tokens and takes what is asked for', t => {
  t.deepEqual(requestFrom('chat', { messages, max_tokens: 7 }), {
    kind: 'chat',
    promptTokens: 5,
    maxTokens: 7,
    finishReason: 'length',
    stream: false,
    includeUsage: false,
  })
  const streamed = { model: 'emulated-llm', prompt: 'a b', stream: true }
  const options = { stream_options: { include_usage: true } }
  t.deepEqual(requestFrom('completion', { ...streamed, ...options }), {
    kind: 'completion',
    promptTokens: 2,
    maxTokens: 200,
    finishReason: 'stop',
    stream: true,
    includeUsage: true,
  })
  t.is(requestFrom('completion', { prompt: [1, 2, 3] }).promptTokens, 3)
  t.is(requestFrom('completion', { prompt: '' }).promptTokens, 1)
  t.is(requestFrom('chat', { messages, max_completion_tokens: 9 }).maxTokens, 9)
})

const bad: [string, 'chat' | 'completion', unknown, RegExp][] = [
  ['no object', 'chat', [], /the body must be a JSON object/],
  ['no messages', 'chat', {}, /messages must be an array/],
  ['empty messages', 'chat', { messages: [] }, /messages must be an array/],
  ['no role', 'chat', { messages: [{ content: 'x' }] }, /messages\[0\]\.role/],
  ['odd content', 'chat', { messages: [{ role: 'user', content: 3 }] }, /messages\[0\]\.content/],
  ['no prompt', 'completion', {}, /prompt must be/],
  ['odd prompt', 'completion', { prompt: ['x'] }, /prompt must be/],
  ['no tokens', 'completion', { prompt: 'x', max_tokens: 0 }, /max_tokens must be/],
  ['half a token', 'completion', { prompt: 'x', max_tokens: 1.5 }, /max_tokens must be/],
  ['odd stream', 'completion', { prompt: 'x', stream: 'yes' }, /stream must be true or false/],
  ['idle options', 'completion', { prompt: 'x', stream_options: {} }, /needs stream: true/],
  ['many answers', 'completion', { prompt: 'x', n: 2 }, /n must be 1/],
  ['other model', 'completion', { prompt: 'x', model: 'gpt' }, /only model here is emulated-llm/],
]

for (const [name, kind, body, message] of bad) {
  test(`refuses: ${name}`, t => {
    t.throws(() => requestFrom(kind, body), { message })
  })
}
