import { actuationsOf } from '../controller/answers.ts'
import { findRecord, readLog, seqBefore } from '../controller/record/read.ts'
import { recordOf, type AnyRecord } from '../controller/record/line.ts'
import type { Bodies } from '../core/model/decision.ts'
import { Failure } from './command.ts'
import { exit } from './exit.ts'
import { ask, linesOf, Lost, type Way } from './way.ts'

/** The log's files, or a controller that has them. */
export type Source = { dir: string } | { way: Way }

const POLL_MS = 500

/** Records from about `since` (ms) on, oldest first; followed until interrupted. */
export async function* recordsOf(
  source: Source,
  since: number,
  follow: boolean,
): AsyncGenerator<AnyRecord> {
  if ('way' in source) {
    yield* follow ? followed(source.way, since) : pages(source.way, since)
    return
  }
  const wait = (): Promise<boolean> =>
    new Promise(resolve => setTimeout(() => resolve(true), POLL_MS))
  const from = await seqBefore(source.dir, since)
  for await (const { line } of readLog(source.dir, { since: from, ...(follow ? { wait } : {}) })) {
    yield recordOf(line)
  }
}

/** A record, and what came of it where it is a decision. */
export interface Found {
  record: AnyRecord
  actuations?: Bodies['actuation'][]
}

export async function findIn(source: Source, id: string): Promise<Found | null> {
  if ('way' in source) {
    const path = `/v1/decisions/${encodeURIComponent(id)}`
    return (await ask(source.way, 'GET', path)) as Found
  }
  const record = await findRecord(source.dir, /^\d{1,15}$/.test(id) ? Number(id) : id)
  if (record?.kind !== 'decision') return record === null ? null : { record }
  return { record, actuations: await actuationsOf(source.dir, record) }
}

/** As many at once as are asked for. */
const PAGE = 1000
const SILENCE_MS = 15_000

async function* pages(way: Way, time: number): AsyncGenerator<AnyRecord> {
  for (let since = 0; ;) {
    let count = 0
    const path = `/v1/log?since=${since}&time=${time}&limit=${PAGE}`
    for await (const text of linesOf(way, path, { silenceMs: SILENCE_MS })) {
      const record = recordOf(text)
      since = record.seq
      count++
      yield record
    }
    if (count < PAGE) return
  }
}

const AGAIN_MS = 1000

/** One stream, opened again from where it was: leaders change, connections break. */
async function* followed(way: Way, time: number): AsyncGenerator<AnyRecord> {
  let since = 0
  let opened = false
  for (;;) {
    try {
      // With `files` a sign of life comes each second.
      const path = `/v1/log?since=${since}&time=${time}&follow=1&files=1`
      for await (const text of linesOf(way, path, { silenceMs: SILENCE_MS })) {
        opened = true
        if (text.startsWith('{"file":')) continue
        const record = recordOf(text)
        since = record.seq
        yield record
      }
    } catch (error) {
      const away =
        error instanceof Lost ||
        (error instanceof Failure && error.code === exit.unreachable.code && opened)
      if (!away) throw error
      process.stderr.write(`${error.message.replace(/\.$/, '')}; asking again.\n`)
    }
    await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
  }
}
