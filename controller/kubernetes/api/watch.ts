import type { ClientRequest, IncomingMessage } from 'node:http'
import { lines } from '../../../core/runtime/follow.ts'
import { wordsOfError } from '../../../core/runtime/log.ts'
import type { Access } from './access.ts'
import { apiError, Nonsense } from './error.ts'
import { openStream, whole, type Query } from './exchange.ts'

export interface WatchHandlers {
  /** ADDED, MODIFIED, DELETED or BOOKMARK. */
  event(type: string, object: unknown): void
  /** Once, unless it was stopped: why in words, and the error behind it; null for an ordinary end. */
  ended(why: string, error: Error | null): void
}

/** An object has at most 1.5 MiB in etcd, and JSON is longer than what is stored. */
const LONGEST_LINE = 16 * 1024 * 1024
const ANSWER_MS = 10_000

/** One watch connection, until it ends. Going on after that is the informer's work. */
export function watch(
  access: Access,
  path: string,
  query: Query,
  on: WatchHandlers,
): { stop(): void } {
  let asked: ClientRequest | null = null
  let over = false
  const end = (why: string, error: Error | null): void => {
    if (over) return
    over = true
    asked?.destroy()
    on.ended(why, error)
  }
  const fail = (error: unknown): void => {
    const known = error instanceof Error ? error : new Error(String(error))
    end(wordsOfError(known), known)
  }
  const take = lines(LONGEST_LINE, text => {
    if (over) return
    const { type, object } = parsed(text)
    if (type === 'ERROR') throw apiError(object, 500)
    on.event(type, object)
  })
  const read = (response: IncomingMessage): void => {
    response.on('data', (chunk: Buffer) => {
      try {
        take(chunk)
      } catch (error) {
        fail(error)
      }
    })
    response.on('end', () => end('ended by the server', null))
    response.on('error', fail)
    response.on('close', () => end('closed', null))
  }
  async function open(): Promise<void> {
    const reach = await access.reach()
    if (over) return
    const fully = { watch: true, allowWatchBookmarks: true, ...query }
    const accept = 'application/json'
    const begun = openStream(reach, { method: 'GET', path, query: fully, accept })
    asked = begun
    const silent = setTimeout(
      () => begun.destroy(new Error(`no answer within ${ANSWER_MS} ms`)),
      ANSWER_MS,
    )
    begun.on('error', fail)
    begun.on('close', () => clearTimeout(silent))
    begun.on('response', response => {
      clearTimeout(silent)
      if (response.statusCode === 200) read(response)
      else refusal(access, response).then(fail, fail)
    })
  }
  open().catch(fail)
  return {
    stop() {
      over = true
      asked?.destroy()
    },
  }
}

async function refusal(access: Access, response: IncomingMessage): Promise<Error> {
  const { statusCode = 0, headers } = response
  if (statusCode === 401) access.refused()
  const text = await whole(response, 1024 * 1024)
  let body: unknown = text
  try {
    body = JSON.parse(text)
  } catch {
    // Not of the API server, but of something in front of it: its words are told as they are.
  }
  return apiError(body, statusCode, headers['retry-after'])
}

function parsed(text: string): { type: string; object: unknown } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Nonsense(`expected a line of JSON, got ${text.slice(0, 80)}`, { cause: error })
  }
  const { type, object } = (value ?? {}) as { type?: unknown; object?: unknown }
  if (typeof type !== 'string' || typeof object !== 'object' || object === null)
    throw new Nonsense(`expected {type, object}, got ${text.slice(0, 80)}`)
  return { type, object }
}
