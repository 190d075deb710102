import type { IncomingMessage } from 'node:http'
import { lines } from '../core/runtime/follow.ts'
import { wordsOfError } from '../core/runtime/log.ts'
import { Failure } from './command.ts'
import { exit } from './exit.ts'

/** How a command reaches the controller: at its URL, or through the proxy of a cluster's API server. */
export interface Way {
  /** For people. */
  readonly name: string
  /** Where a browser finds it; null where it takes `outrigger page`. */
  readonly url: string | null
  /** Of endpoints that are named without one. */
  readonly namespace: string
  /** The answer, whatever its status, read as it comes. Rejects with a Failure where there is none. */
  open(method: string, path: string, json?: unknown): Promise<IncomingMessage>
  /** What an answer that is no success means, where the controller did not give it; null where it did. */
  refusal(method: string, status: number, body: unknown): Failure | null
  /** Who asks, as far as it is known. */
  user(): Promise<string | null>
}

const ANSWER_MS = 15_000
const MOST_BYTES = 64 * 1024 * 1024
const LONGEST_LINE = 8 * 1024 * 1024

/** One small JSON answer. An error answer is a Failure in words. */
export async function ask(
  way: Way,
  method: string,
  path: string,
  json?: unknown,
): Promise<unknown> {
  const response = await way.open(method, path, json)
  const body = await bodyOf(way, response)
  const status = response.statusCode ?? 0
  if (status >= 200 && status < 300) return body
  throw failureOf(way, method, status, body)
}

/**
 * The lines of a streamed answer, until it ends. Throws a Failure when it is refused, and Lost when it
 * breaks off or is silent for `silenceMs`.
 */
export async function* linesOf(
  way: Way,
  path: string,
  { silenceMs, signal }: { silenceMs: number; signal?: AbortSignal },
): AsyncGenerator<string> {
  const response = await way.open('GET', path)
  if (response.statusCode !== 200) {
    throw failureOf(way, 'GET', response.statusCode ?? 0, await bodyOf(way, response))
  }
  const leave = (): void => void response.destroy()
  signal?.addEventListener('abort', leave)
  if (signal?.aborted === true) leave()
  const silent = setTimeout(() => response.destroy(new Lost(`${way.name} is silent`)), silenceMs)
  const texts: string[] = []
  const take = lines(LONGEST_LINE, text => void texts.push(text))
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      silent.refresh()
      take(chunk)
      yield* texts.splice(0)
    }
  } catch (error) {
    if (error instanceof Lost) throw error
    throw new Lost(`${way.name} broke off (${wordsOfError(error)})`, { cause: error })
  } finally {
    clearTimeout(silent)
    signal?.removeEventListener('abort', leave)
    response.destroy()
  }
}

/** A stream that was there and is no more. */
export class Lost extends Error {}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 5000

/** Opens a stream again and again until it is told to stop. */
export function keepFollowing(options: {
  /** Of one connection. */
  lines: (signal: AbortSignal) => AsyncGenerator<string>
  line: (text: string) => void
  /** In words; called once until a line comes again. */
  lost?: (why: string) => void
}): { stop(): void; ended: Promise<void> } {
  const ending = new AbortController()
  const { signal } = ending
  async function run(): Promise<void> {
    let wait = FIRST_WAIT_MS
    while (!signal.aborted) {
      let why = 'The stream ended'
      try {
        for await (const text of options.lines(signal)) {
          options.line(text)
          wait = FIRST_WAIT_MS
        }
      } catch (error) {
        if (!(error instanceof Lost) && !(error instanceof Failure)) throw error
        why = error.message
      }
      if (signal.aborted) return
      if (wait === FIRST_WAIT_MS) options.lost?.(why)
      await sleep(wait * (0.5 + Math.random()), signal)
      wait = Math.min(LONGEST_WAIT_MS, wait * 2)
    }
  }
  return { stop: () => ending.abort(), ended: run() }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}

async function bodyOf(way: Way, response: IncomingMessage): Promise<unknown> {
  const late = setTimeout(
    () => response.destroy(new Error(`no whole answer within ${ANSWER_MS} ms`)),
    ANSWER_MS,
  )
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part)
      size += part.length
      if (size > MOST_BYTES) throw new Error(`an answer of more than ${MOST_BYTES} bytes`)
    }
  } catch (error) {
    throw new Failure(exit.unreachable.code, `${way.name} broke off (${wordsOfError(error)}).`)
  } finally {
    clearTimeout(late)
  }
  const text = Buffer.concat(parts).toString('utf8')
  try {
    return text === '' ? null : (JSON.parse(text) as unknown)
  } catch {
    return text
  }
}

function failureOf(way: Way, method: string, status: number, body: unknown): Failure {
  const refusal = way.refusal(method, status, body)
  if (refusal !== null) return refusal
  const said = body as { error?: unknown } | null
  const words = typeof said?.error === 'string' ? said.error : `answered ${status}`
  const codes: Record<number, number> = { 404: exit.notFound.code, 400: exit.badInput.code }
  return new Failure(codes[status] ?? exit.failed.code, `The controller says: ${words}.`)
}
