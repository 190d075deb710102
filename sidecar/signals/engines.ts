/** Reads an engine's metrics page by the table of engines. */
import type { Sample } from '../../core/model/sample.ts'
import { engines } from './engine-table.ts'
import type { Engine, EngineKind, SignalName } from './engine-table.ts'
import { fold, readExposition } from '../../core/model/exposition.ts'
import type { Exposition } from '../../core/model/exposition.ts'

/** What one page of an engine says. Null: this engine does not tell, or has not yet. */
export interface EngineReading {
  kind: EngineKind
  /** Requests being worked on. */
  running: number | null
  /** Requests queued inside the engine. */
  waiting: number | null
  /** Key-value cache in use, permille; of several caches the fullest. */
  kv: number | null
  /** Requests put back to the queue for want of cache, since the engine started. */
  preemptions: number | null
  /** Tokens read and written since the engine started. */
  tokensIn: number | null
  tokensOut: number | null
  /** The GPU as the engine sees it, where it tells. */
  gpu: Sample['gpu']
}

const wanted: ReadonlySet<string> = new Set(
  engines.flatMap(engine => [
    ...engine.marks,
    ...Object.values(engine.signals).flatMap(signal => signal.from.map(source => source.name)),
  ]),
)

/** The engine's numbers from its metrics page; null when no known engine wrote it, or it is too long. */
export function readEngine(text: string): EngineReading | null {
  const page = readExposition(text, wanted)
  if (page.truncated) return null
  const engine = engines.find(({ marks }) => marks.some(mark => page.seen.has(mark)))
  if (engine === undefined) return null
  const read = (name: SignalName): number | null => value(page, engine, name)
  return {
    kind: engine.kind,
    running: count(read('running')),
    waiting: count(read('waiting')),
    kv: permille(read('kv')),
    preemptions: count(read('preemptions')),
    tokensIn: count(read('tokensIn')),
    tokensOut: count(read('tokensOut')),
    gpu: gpu(read),
  }
}

function gpu(read: (name: SignalName) => number | null): Sample['gpu'] {
  const util = permille(read('gpuUtil'))
  if (util === null) return null
  return {
    util,
    memoryBytes: count(read('gpuMemory')) ?? 0,
    memoryLimit: count(read('gpuMemoryLimit')),
  }
}

function value(page: Exposition, { signals, copies }: Engine, name: SignalName): number | null {
  const signal = signals[name]
  for (const { name: series, only } of signal?.from ?? []) {
    const how = signal?.how ?? 'sum'
    const found = fold(page.series.get(series), {
      how,
      copies,
      ...(only === undefined ? {} : { only }),
    })
    if (found !== null) return found
  }
  return null
}

/** A count as a whole number: gauges that dip below zero for a moment are zero. */
export function count(value: number | null): number | null {
  return value === null ? null : Math.min(Math.max(Math.round(value), 0), Number.MAX_SAFE_INTEGER)
}

/** A fraction of 1 as permille, within 0 and 1000. */
export function permille(value: number | null): number | null {
  return value === null ? null : Math.min(Math.max(Math.round(value * 1000), 0), 1000)
}
