import { open } from 'node:fs/promises'
import { trace, logs, metrics } from '@opentelemetry/api'
import type { LogRecord } from '../../../core/model/decision.ts'
import type { EndpointWindows } from '../../../core/model/windows.ts'
import type { Belief } from '../../../controller/learned/belief.ts'
import { Office } from '../../../controller/desk.ts'
import { Figures } from '../../../controller/figures.ts'
import { openJournal, type Journal } from '../../../controller/journal.ts'
import { logDefaults, type LogOptions } from '../../../core/model/log-options.ts'
import { SettingsFile } from '../../../controller/settings-file.ts'
import { tick } from '../../../controller/tick.ts'
import type { OpenFile } from '../../../controller/record/writer.ts'
import { START, platformOf, type Fleet } from './fleet.ts'

const telemetry = {
  on: false,
  tracer: trace.getTracer('test'),
  logger: logs.getLogger('test'),
  meter: metrics.getMeter('test'),
  shutdown: () => Promise.resolve(),
}

/** A controller without its network: the real tick, deciders and log, on fleets that are made up. */
export interface Bench {
  journal: Journal
  /** Runs so many seconds. */
  run(seconds: number): Promise<void>
  acted: LogRecord<'decision'>[]
  /** What was logged. */
  said: string[]
  activate(endpoint: string): boolean
  belief(endpoint: string): Belief | null
  close(): Promise<void>
}

/** An hour has 3,600 fsyncs, and no test of what is decided needs them. */
const withoutSync: OpenFile = async path => {
  const file = await open(path, 'a')
  return {
    appendFile: text => file.appendFile(text),
    datasync: () => Promise.resolve(),
    close: () => file.close(),
  }
}

export async function bench(
  stateDir: string,
  fleets: Fleet[],
  wanted: { options?: Partial<LogOptions>; from?: number; openFile?: OpenFile } = {},
): Promise<Bench> {
  let now = wanted.from ?? START
  const windows = new Map<string, EndpointWindows>()
  const options = { ...logDefaults, ...wanted.options }
  const journal = await openJournal({
    stateDir,
    options: () => options,
    clock: () => now,
    epoch: 0,
    identity: 'test/1',
    version: '0.0.0',
    log: () => undefined,
    durable: () => undefined,
    openFile: wanted.openFile ?? withoutSync,
  })
  let version = 1
  let platform = platformOf(fleets, version, now)
  const said: string[] = []
  const acted: LogRecord<'decision'>[] = []
  const observer = {
    get platform() {
      return platform
    },
    endpoint: (name: string) => platform.endpoints.find(row => row.endpoint === name) ?? null,
    windows: (name: string) => windows.get(name) ?? null,
    windowAge: () => 300,
  }
  const scaler = {
    hand(record: LogRecord<'decision'>) {
      acted.push(record)
      fleets
        .find(fleet => fleet.endpoint === record.body.endpoint)
        ?.scale(record.body.outcome.to, now)
      version++
    },
  }
  const courier = { tend: () => undefined, sweep: () => undefined }
  const { memory, ledger } = journal
  const settings = new SettingsFile(null, () => undefined)
  const parts = {
    observer,
    memory,
    settings,
    ledger,
    scaler,
    courier,
    platform: {},
    figures: new Figures(),
    notebook: journal.restored.notebook,
    telemetry,
    log: (_level: string, message: string) => void said.push(message),
    now: () => now,
  }
  const office = new Office(parts as unknown as ConstructorParameters<typeof Office>[0])
  return {
    journal,
    acted,
    said,
    activate: endpoint => office.activate(endpoint),
    belief: endpoint => office.belief(endpoint),
    async run(seconds) {
      for (let i = 0; i < seconds; i++) {
        now += 1000
        platform = platformOf(fleets, version, now)
        for (const fleet of fleets) {
          windows.set(
            fleet.endpoint,
            fleet.second(now, memory.endpoints.get(fleet.endpoint)?.order ?? null),
          )
        }
        await tick(journal.now(), office)
      }
    },
    close: () => ledger.close(),
  }
}
