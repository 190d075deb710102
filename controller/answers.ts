import type { Bodies, LogRecord } from '../core/model/decision.ts'
import { explain, type Explanation } from './explain.ts'
import { logFiles } from './record/files.ts'
import { recordOf } from './record/line.ts'
import { readLog, seqBefore } from './record/read.ts'

/** The newest decision of one kind at a time, and the newest before it that changed something. */
export interface Answered {
  newest: Explanation
  /** How often it was decided the same again, and until when (ms). */
  repeated: { times: number; until: number } | null
  /** Null when the newest is itself a change, or none is near. */
  change: Explanation | null
}

type Found = {
  newest: LogRecord<'decision'>
  change: LogRecord<'decision'> | null
  times: number
  until: number
}

/** Files that are searched backwards for a change. */
const MOST_FILES = 4
/** An answer comes within this, ms; and of a platform that stays away so many are enough. */
const LATE_MS = 15_000
const MOST_ACTUATIONS = 20

/** What was decided for an endpoint at `at` (ms) and why, from the log: replicas, then the limit. */
export async function answersAt(dir: string, endpoint: string, at: number): Promise<Answered[]> {
  const files = await logFiles(dir)
  const start = (await seqBefore(dir, at)) + 1
  const from = files.findLastIndex(({ first }) => first <= start)
  const found = new Map<string, Found>()
  for (let i = from; i >= 0 && i > from - MOST_FILES; i--) {
    const file = files[i]
    if (file === undefined) break
    const here = await search(dir, file.first - 1, files[i + 1]?.first ?? Infinity, endpoint, at)
    for (const [what, older] of here) {
      const known = found.get(what)
      if (known === undefined) found.set(what, older)
      else known.change ??= older.change ?? (changes(older.newest) ? older.newest : null)
    }
    if (
      found.size === 2 &&
      [...found.values()].every(each => changes(each.newest) || each.change !== null)
    )
      break
  }
  return ['replicas', 'limit'].flatMap(what => {
    const each = found.get(what)
    if (each === undefined) return []
    const { newest, change, times, until } = each
    const repeated = times === 0 ? null : { times, until }
    return [{ newest: explain(newest), repeated, change: change === null ? null : explain(change) }]
  })
}

function changes({ body }: LogRecord<'decision'>): boolean {
  return body.outcome.action !== 'hold'
}

async function search(
  dir: string,
  since: number,
  before: number,
  endpoint: string,
  at: number,
): Promise<Map<string, Found>> {
  const found = new Map<string, Found>()
  const mark = `"endpoint":${JSON.stringify(endpoint)}`
  for await (const { envelope, line } of readLog(dir, { since })) {
    if (envelope.seq >= before) break
    if (envelope.kind === 'repeat') countRepeat(found, line, at)
    if (envelope.kind !== 'decision' || !line.includes(mark)) continue
    const record = recordOf(line)
    if (record.kind !== 'decision' || record.body.endpoint !== endpoint) continue
    if (record.body.now > at) break
    const earlier = found.get(record.body.what)
    const change =
      earlier === undefined ? null : changes(earlier.newest) ? earlier.newest : earlier.change
    found.set(record.body.what, { newest: record, change, times: 0, until: record.body.now })
  }
  return found
}

/** What was asked for a decision and what came back: within the records of the next seconds. */
export async function actuationsOf(
  dir: string,
  { id, seq, time }: Pick<LogRecord<'decision'>, 'id' | 'seq' | 'time'>,
  durable: () => number = () => Infinity,
): Promise<Bodies['actuation'][]> {
  const found: Bodies['actuation'][] = []
  for await (const { envelope, line } of readLog(dir, { since: seq, durable })) {
    if (envelope.time > time + LATE_MS || found.length >= MOST_ACTUATIONS) break
    if (envelope.kind !== 'actuation') continue
    const record = recordOf(line)
    if (record.kind === 'actuation' && record.body.decision === id) found.push(record.body)
  }
  return found
}

function countRepeat(found: Map<string, Found>, line: Buffer, at: number): void {
  const record = recordOf(line)
  if (record.kind !== 'repeat') return
  const { of, nows } = record.body
  const each = [...found.values()].find(({ newest }) => newest.seq === of)
  const until = nows.filter(now => now <= at)
  if (each === undefined || until.length === 0) return
  each.times += until.length
  each.until = until.at(-1) ?? each.until
}
