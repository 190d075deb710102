import type { Bodies, LogRecord } from '../core/model/decision.ts'
import { Notebook } from './learned/notebook.ts'
import type { Memory } from './memory.ts'
import { logFiles } from './record/files.ts'
import { envelopeOf, recordOf, type AnyRecord } from './record/line.ts'
import { readLog } from './record/read.ts'
import { Replayer, type Algorithms, type Difference } from './record/replay.ts'

export interface Restored {
  /** `now` of the newest decision, ms: time goes on from there. */
  now: number
  endpoints: number
  replayed: number
  /** What a replay found otherwise than recorded; the recorded state is not trusted then. */
  difference: Difference | null
  /** The newest decisions, oldest first, for people to see. */
  recent: LogRecord<'decision'>[]
  /** What the decisions about limits taught. */
  notebook: Notebook
}

/** A file begins with all states, so the newest two hold all that a restart needs, also where a crash tore the newest's beginning. */
const FILES = 2
const RECENT = 500

/**
 * Reads states, settings, orders and overrides back from the log: the last state record of each endpoint,
 * and the decisions since, decided again.
 */
export async function restore(
  dir: string,
  memory: Memory,
  algorithms: Algorithms,
): Promise<Restored> {
  const since = ((await logFiles(dir)).at(-FILES)?.first ?? 1) - 1
  const from = await lastStates(dir, since)
  const replayer = new Replayer(algorithms)
  const notebook = new Notebook()
  const out: Restored = {
    now: 0,
    endpoints: 0,
    replayed: 0,
    difference: null,
    recent: [],
    notebook,
  }
  for await (const { line } of readLog(dir, { since })) {
    const record = recordOf(line)
    if (record.kind === 'override') keepOverride(memory, record.body)
    out.now = Math.max(out.now, newestNow(record))
    if (record.kind === 'decision') {
      notebook.take(record.body)
      out.recent.push(record)
      if (out.recent.length > 2 * RECENT) out.recent.splice(0, RECENT)
    }
    // What led to the newest state is not decided again, so an older state is nothing to compare that one with.
    const replayed = record.kind === 'decision' || record.kind === 'state'
    if (replayed && record.seq < (from.get(record.body.endpoint) ?? 0)) continue
    const difference = replayer.take(record)
    out.difference ??= difference
  }
  for (const [endpoint, carried] of replayer.carried) {
    const remembered = memory.of(endpoint, carried.state.revision, carried.settings)
    Object.assign(remembered, {
      state: carried.state,
      hash: carried.hash,
      order: carried.order,
      decided: carried.decided,
    })
  }
  out.endpoints = memory.endpoints.size
  out.replayed = replayer.decisions
  return out
}

/** seq of the newest state record of each endpoint, of its first part where it has several. */
async function lastStates(dir: string, since: number): Promise<Map<string, number>> {
  const from = new Map<string, number>()
  for await (const { line } of readLog(dir, { since })) {
    if (envelopeOf(line)?.kind !== 'state') continue
    const record = recordOf(line)
    if (record.kind === 'state') from.set(record.body.endpoint, record.seq - record.body.part)
  }
  return from
}

function newestNow(record: AnyRecord): number {
  if (record.kind === 'decision') return record.body.now
  if (record.kind === 'repeat') return record.body.nows.at(-1) ?? 0
  return record.time
}

function keepOverride(memory: Memory, { endpoint, override, action }: Bodies['override']): void {
  memory.setOverride(endpoint, override.what, action === 'set' ? override : null)
}
