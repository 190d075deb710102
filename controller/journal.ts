import { join } from 'node:path'
import type { Bodies } from '../core/model/decision.ts'
import { wordsOfError, type Log } from '../core/runtime/log.ts'
import { algorithms } from './decide/decide.ts'
import { Memory } from './memory.ts'
import { Ledger } from './record/ledger.ts'
import type { AnyRecord } from './record/line.ts'
import { openLog } from './record/open.ts'
import type { LogOptions } from '../core/model/log-options.ts'
import { decideAgain } from './record/replay.ts'
import { retain } from './record/retention.ts'
import { LogWriter, type OpenFile } from './record/writer.ts'
import { restore, type Restored } from './restore.ts'

/** The decision log of a running controller, opened, repaired and read back. */
export interface Journal {
  dir: string
  memory: Memory
  ledger: Ledger
  restored: Restored
  /** ms: goes on from the newest record, never back. */
  now: () => number
  /** ms that `now` is ahead of the clock: it was set back, or whoever wrote the newest record had another. */
  ahead: number
  /** seq of the newest durable record. */
  durable(): number
  /** Removes what the options no longer keep; gives the bytes that are left. */
  retain(options: LogOptions): Promise<number>
}

export interface JournalOptions {
  stateDir: string
  options: () => LogOptions
  clock: () => number
  identity: string
  /** The greatest epoch that another controller is known to have had. */
  epoch: number
  version: string
  log: Log
  openFile?: OpenFile
  durable: (us: number, records: AnyRecord[]) => void
}

export function logDirOf(stateDir: string): string {
  return join(stateDir, 'controller', 'log')
}

/** Opens the log. Throws Unusable where it is broken; a torn tail is cut, said and recorded. */
export async function openJournal(wanted: JournalOptions): Promise<Journal> {
  const { log } = wanted
  const dir = logDirOf(wanted.stateDir)
  const { chain, cut, file } = await openLog(dir)
  if (cut !== null) {
    log('warn', 'a crash left a torn tail in the decision log; it was cut and kept beside it', {
      ...cut,
    })
  }
  const memory = new Memory()
  const restored = await restore(dir, memory, algorithms)
  if (restored.difference !== null) {
    log('error', 'the log replays otherwise than recorded; going on from what is replayed', {
      ...restored.difference,
    })
  }
  const ahead = Math.max(0, restored.now - wanted.clock(), chain.time - wanted.clock())
  const now = (): number => wanted.clock() + ahead
  let durable = chain.next - 1
  const writer = new LogWriter({
    dir,
    at: { next: chain.next, head: chain.head, file },
    epoch: Math.max(chain.epoch, wanted.epoch) + 1,
    now,
    maxBytes: () => wanted.options()['file-bytes'],
    ...(wanted.openFile === undefined ? {} : { openFile: wanted.openFile }),
    durable: (us, records) => {
      durable = Math.max(durable, records.at(-1)?.seq ?? 0)
      for (const { seq, time } of records) chain.lived.take(seq, time)
      wanted.durable(us, records)
    },
  })
  const ledger = new Ledger(writer, memory, (body, state, settings) => {
    return decideAgain(algorithms, body, state, settings)?.body ?? null
  })
  const start: Bodies['start'] = {
    controller: wanted.identity,
    version: wanted.version,
    size: chain.next - 1,
    head: chain.head,
  }
  const cuts = cut === null ? [] : [{ kind: 'cut' as const, body: cut }]
  await ledger.note({ kind: 'start', body: start }, ...cuts)
  return {
    dir,
    memory,
    ledger,
    restored,
    now,
    ahead,
    durable: () => durable,
    async retain(options) {
      const { removed, bytes } = await retain(dir, options, chain.lived).catch((error: unknown) => {
        log('error', "old files of the decision log can't be removed", { why: wordsOfError(error) })
        return { removed: [], bytes: 0 }
      })
      if (removed.length > 0) log('info', 'old files of the decision log were removed', { removed })
      return bytes
    },
  }
}
