import { Refused, type Answer, type Ask, type Route } from '../core/runtime/admin.ts'
import { readLog, seqBefore } from './record/read.ts'

/** What a follower of the log is served from. */
export interface LogSource {
  logDir: string
  /** seq of the newest durable record. */
  durable(): number
  /** Called when something durable was written. Gives what to call to stop. */
  eachAppend(tell: () => void): () => void
  /** Called when a copy of the log begins. Gives what to call when it ends. */
  copied?: () => () => void
}

const MOST_AT_ONCE = 10_000

/**
 * GET /v1/log?since=N: records after seq N, as many as `limit`; with follow=1, and those to come. With time=MS
 * those long before it are left out.
 */
export function logRoute(source: LogSource): Route {
  return { at: 'GET /v1/log', handle: ask => answer(ask, source) }
}

async function answer(ask: Ask, source: LogSource): Promise<Answer> {
  const { logDir: dir, durable } = source
  const time = whole(ask, 'time', 0)
  const since = Math.max(whole(ask, 'since', 0), time === 0 ? 0 : await seqBefore(dir, time))
  if (ask.query.get('follow') === '1') {
    const files = ask.query.get('files') === '1'
    return { follow: write => streamLog(source, { since, files }, write) }
  }
  const limit = Math.min(MOST_AT_ONCE, whole(ask, 'limit', 1000))
  const lines: string[] = []
  for await (const { line } of readLog(dir, { since, durable })) {
    if (lines.length >= limit) break
    lines.push(`${line.toString()}\n`)
  }
  return { status: 200, body: lines.join(''), type: 'application/x-ndjson' }
}

function whole(ask: Ask, name: string, otherwise: number): number {
  const text = ask.query.get(name)
  if (text === null || text === '') return otherwise
  if (!/^\d{1,15}$/.test(text)) throw new Refused(400, `${name}: expected an integer from 0`)
  return Number(text)
}

/** A copy takes silence for the end of whoever it copies. */
const BEAT_MS = 1000

/**
 * Writes record after record, at the reader's pace: most of the log may be still to come. For a copy of the
 * log (`files`) a line {"file": NAME} comes before the first record of each file, and an empty one each second.
 */
function streamLog(
  source: LogSource,
  { since, files }: { since: number; files: boolean },
  write: (line: unknown) => boolean,
): () => void {
  let open = true
  let wake: () => void = () => undefined
  const unsubscribe = source.eachAppend(() => wake())
  const ended = files ? source.copied?.() : undefined
  const beat = files ? setInterval(() => write(''), BEAT_MS) : undefined
  const wait = (): Promise<boolean> =>
    new Promise(resolve => {
      const timer = setTimeout(() => wake(), 1000)
      wake = () => {
        clearTimeout(timer)
        resolve(open)
      }
    })
  const pump = async (): Promise<void> => {
    let current = ''
    const { logDir, durable } = source
    for await (const { line, file } of readLog(logDir, { since, durable, wait })) {
      if (!open) return
      if (files && file !== current) write({ file })
      current = file
      if (!write(line.toString())) await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
  // A log that can't be read falls silent, beats and all: its follower takes it for dead, and asks again.
  void pump()
    .catch(() => undefined)
    .finally(() => clearInterval(beat))
  return () => {
    open = false
    clearInterval(beat)
    unsubscribe()
    ended?.()
    wake()
  }
}
