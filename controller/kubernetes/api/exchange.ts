import { Agent as PlainAgent, request as plainRequest, type ClientRequest } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Agent, request as tlsRequest } from 'node:https'
import { wordsOfError } from '../../../core/runtime/log.ts'
import type { Access, Reach } from './access.ts'

export type Query = Record<string, string | number | boolean | undefined>

export interface Question {
  method: string
  path: string
  query: Query
  accept: string
  body?: { type: string; text: string }
  /** Besides ours and those of the access. */
  headers?: Record<string, string>
}

export interface Answered {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

// An API server closes what idles for 90 s: closing before it does avoids a question sent into a closed door.
const kept = { keepAlive: true, timeout: 60_000, maxSockets: 64 }
const calls = { plain: new PlainAgent(kept), tls: new Agent(kept) }
// A watch has a connection of its own: many of them never keep a call waiting.
const streams = { plain: new PlainAgent(), tls: new Agent() }

/** One question and its whole answer, whatever its status. Rejects when there is none in time. */
export async function exchange(
  access: Access,
  question: Question,
  limits: { timeoutMs: number; maxBytes: number },
): Promise<Answered> {
  for (let tries = 0; ; tries++) {
    const reach = await access.reach()
    try {
      const answer = await once(reach, question, limits)
      if (answer.status === 401 && tries === 0 && access.refused()) continue
      return answer
    } catch (error) {
      // A kept connection that the server had closed. Only what changes nothing is asked again.
      if (error instanceof Stale && tries === 0 && question.method === 'GET') continue
      throw error
    }
  }
}

class Stale extends Error {}

function once(
  reach: Reach,
  question: Question,
  { timeoutMs, maxBytes }: { timeoutMs: number; maxBytes: number },
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = send(reach, question, calls)
    const fail = (error: unknown): void => {
      clearTimeout(deadline)
      const words = `${question.method} ${question.path}: ${wordsOf(error)}`
      const stale = asked.reusedSocket && codeOf(error) === 'ECONNRESET'
      reject(stale ? new Stale(words, { cause: error }) : new Error(words, { cause: error }))
    }
    const deadline = setTimeout(
      () => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    )
    asked.on('error', fail)
    asked.on('response', response => {
      const { statusCode: status = 0, headers } = response
      whole(response, maxBytes)
        .then(text => {
          clearTimeout(deadline)
          resolve({ status, headers, text })
        })
        .catch((error: unknown) => {
          asked.destroy()
          fail(error)
        })
    })
  })
}

/** Begins a question whose answer is read as it comes. The caller handles 'error'. */
export function openStream(reach: Reach, question: Question): ClientRequest {
  return send(reach, question, streams)
}

export async function whole(response: IncomingMessage, maxBytes: number): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length
    if (size > maxBytes) throw new Error(`an answer of more than ${maxBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function send(reach: Reach, question: Question, agents: typeof calls): ClientRequest {
  const url = new URL(reach.server)
  const plain = url.protocol === 'http:'
  const { method, query, accept, body } = question
  const asked = (plain ? plainRequest : tlsRequest)({
    agent: plain ? agents.plain : agents.tls,
    ...reach.options,
    method,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port || (plain ? 80 : 443),
    // A server may have a path of its own, as behind a gateway.
    path: `${url.pathname.replace(/\/$/, '')}${question.path}${queryOf(query)}`,
    headers: {
      accept,
      'user-agent': 'outrigger',
      ...(body === undefined
        ? {}
        : { 'content-type': body.type, 'content-length': Buffer.byteLength(body.text) }),
      ...question.headers,
      ...reach.headers,
    },
  })
  asked.end(body?.text)
  return asked
}

function queryOf(query: Query): string {
  const out = new URLSearchParams()
  for (const [key, value] of Object.entries(query))
    if (value !== undefined) out.append(key, String(value))
  return out.size === 0 ? '' : `?${out.toString()}`
}

/** A connection tried on several addresses fails with an error for each, and no words of its own. */
function wordsOf(error: unknown): string {
  return error instanceof AggregateError
    ? error.errors.map(wordsOfError).join('; ')
    : wordsOfError(error)
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
