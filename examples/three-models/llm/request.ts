import { BadRequest, asObject } from '../http.ts'

export const MODEL = 'emulated-llm'

/** Tokens of an answer whose request names no max_tokens; it ends with "stop". */
const NATURAL_TOKENS = 200

export type Kind = 'chat' | 'completion'

/** What the emulator needs to know of an OpenAI-style request. */
export type Request = {
  kind: Kind
  promptTokens: number
  maxTokens: number
  finishReason: 'stop' | 'length'
  stream: boolean
  includeUsage: boolean
}

/** Reads the body of POST /v1/chat/completions or /v1/completions. Throws BadRequest. */
export function requestFrom(kind: Kind, value: unknown): Request {
  const body = asObject(value)
  if (body['model'] !== undefined && body['model'] !== MODEL) {
    throw new BadRequest(`the only model here is ${MODEL}`, 404)
  }
  if (body['n'] !== undefined && body['n'] !== 1) throw new BadRequest('n must be 1')
  const stream = flag(body['stream'], 'stream')
  if (body['stream_options'] !== undefined && !stream) {
    throw new BadRequest('stream_options needs stream: true')
  }
  const options = asObject(body['stream_options'] ?? {}, 'stream_options')
  const asked = body['max_completion_tokens'] ?? body['max_tokens'] ?? null
  return {
    kind,
    promptTokens: kind === 'chat' ? chatTokens(body['messages']) : promptTokens(body['prompt']),
    maxTokens: asked === null ? NATURAL_TOKENS : positive(asked, 'max_tokens'),
    finishReason: asked === null ? 'stop' : 'length',
    stream,
    includeUsage: flag(options['include_usage'], 'stream_options.include_usage'),
  }
}

function chatTokens(messages: unknown): number {
  if (!Array.isArray(messages) || messages.length === 0) {
    throw new BadRequest('messages must be an array of at least one message')
  }
  return messages.reduce((sum: number, message: unknown, at) => {
    const { role, content } = asObject(message, `messages[${at}]`)
    if (typeof role !== 'string') throw new BadRequest(`messages[${at}].role must be a text`)
    return sum + contentTokens(content, `messages[${at}].content`)
  }, 0)
}

/** Content is a text, or an array of parts of which those of type "text" count. */
function contentTokens(content: unknown, name: string): number {
  if (typeof content === 'string') return estimate(content)
  if (!Array.isArray(content)) throw new BadRequest(`${name} must be a text or an array of parts`)
  return content.reduce((sum: number, part: unknown) => {
    const { text } = asObject(part, `${name}[]`)
    return sum + (typeof text === 'string' ? estimate(text) : 0)
  }, 0)
}

/** A prompt is a text, or an array of token numbers. */
function promptTokens(prompt: unknown): number {
  if (typeof prompt === 'string') return estimate(prompt)
  const isTokens = Array.isArray(prompt) && prompt.length > 0 && prompt.every(Number.isInteger)
  if (isTokens) return prompt.length
  throw new BadRequest('prompt must be a text or an array of token numbers')
}

/** One token a word: crude, but a client can ask for exactly the load it wants. */
function estimate(text: string): number {
  return Math.max(1, text.match(/\S+/g)?.length ?? 0)
}

function positive(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value
  throw new BadRequest(`${name} must be a whole number of at least 1`)
}

function flag(value: unknown, name: string): boolean {
  if (value === undefined || value === null) return false
  if (typeof value === 'boolean') return value
  throw new BadRequest(`${name} must be true or false`)
}
