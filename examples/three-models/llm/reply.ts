import type { Request } from './request.ts'
import { MODEL } from './request.ts'

/** The shapes of OpenAI's answers: chunks of a stream, or one object. */

const WORDS = ['This', 'text', 'is', 'emulated:', 'no', 'model', 'wrote', 'it.'] as const

/** Ids and creation time, the same in every chunk of one answer. `created` in s since the epoch. */
export type Head = { id: string; created: number }

/** The text of the token at this place, counted from 0. */
export function word(at: number): string {
  return (at === 0 ? '' : ' ') + (WORDS[at % WORDS.length] ?? '')
}

function usage({ promptTokens, maxTokens }: Request) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: maxTokens,
    total_tokens: promptTokens + maxTokens,
  }
}

/** One event of a stream. */
export function event(data: object | '[DONE]'): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}

/** The chunk that opens a chat stream: who speaks. */
export function roleChunk(head: Head, request: Request): object {
  const choice = { index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }
  return chunk(head, request, [choice])
}

/** The chunk of one token; the last one says why it ended. */
export function tokenChunk(head: Head, request: Request, text: string, last: boolean): object {
  const finish = { logprobs: null, finish_reason: last ? request.finishReason : null }
  const content = request.kind === 'chat' ? { delta: { content: text } } : { text }
  return chunk(head, request, [{ index: 0, ...content, ...finish }])
}

/** The chunk after the last token, sent when stream_options.include_usage is set. */
export function usageChunk(head: Head, request: Request): object {
  return { ...chunk(head, request, []), usage: usage(request) }
}

/** The whole answer of a request without streaming. */
export function whole(head: Head, request: Request): object {
  const text = Array.from({ length: request.maxTokens }, (_, at) => word(at)).join('')
  const chat = request.kind === 'chat'
  const content = chat ? { message: { role: 'assistant', content: text } } : { text }
  const finish = { logprobs: null, finish_reason: request.finishReason }
  return {
    ...head,
    object: chat ? 'chat.completion' : 'text_completion',
    model: MODEL,
    choices: [{ index: 0, ...content, ...finish }],
    usage: usage(request),
  }
}

function chunk(head: Head, { kind, includeUsage }: Request, choices: object[]): object {
  const object = kind === 'chat' ? 'chat.completion.chunk' : 'text_completion'
  return { ...head, object, model: MODEL, choices, ...(includeUsage ? { usage: null } : {}) }
}
