import { join } from 'node:path'
import { serve } from '../core/runtime/admin.ts'
import { systemClock, type Clock } from '../core/runtime/clock.ts'
import { rootKeys } from '../core/runtime/keys.ts'
import { jsonLog, type Log } from '../core/runtime/log.ts'
import { startTelemetry } from '../core/runtime/telemetry.ts'
import type { Notes } from './act/notes.ts'
import { Courier } from './act/orders.ts'
import { Scaler } from './act/scale.ts'
import type { ControllerConfig } from './config.ts'
import { Office } from './desk.ts'
import { Tables } from './edges.ts'
import { Figures } from './figures.ts'
import { History } from './history.ts'
import { openJournal, type Journal } from './journal.ts'
import { Keyring } from './keyring.ts'
import { Bell, eachSecond } from './loop.ts'
import { Observer } from './observe.ts'
import { People } from './people.ts'
import type { OpenFile } from './record/writer.ts'
import { Running } from './running.ts'
import { routesOf } from './serve.ts'
import { SettingsFile } from './settings-file.ts'

export interface Controller {
  /** host:port of the admin server. */
  address: string
  close(): Promise<void>
}

export interface ControllerOptions {
  version: string
  log?: Log
  clock?: Clock
  /** The disk of the decision log. */
  openFile?: OpenFile
}

/**
 * Starts the controller. Rejects when its address can't be listened on, with BadConfig when the settings
 * file is wrong, and with Unusable when the decision log is broken.
 */
export async function startController(config: ControllerConfig, options: ControllerOptions): Promise<Controller> {
  const { version, log = jsonLog('controller', config.logLevel), clock = systemClock() } = options
  const settings = new SettingsFile(config.settingsFile, log)
  const figures = new Figures()
  const bells = { second: new Bell(), append: new Bell(), table: new Bell() }
  const journal = await openJournal({
    stateDir: config.stateDir,
    options: () => settings.logOptions,
    clock: () => clock.now(),
    identity: config.identity,
    version,
    log,
    ...(options.openFile === undefined ? {} : { openFile: options.openFile }),
    durable: (us, records) => {
      figures.append.add(us)
      for (const { kind } of records) figures.count('outrigger_log_records_total', { kind })
      bells.append.ring()
    },
  })
  const { memory, ledger, now } = journal
  const { environment } = config
  const telemetry = await startTelemetry({ component: 'controller', version, environment, log })
  const keyring = new Keyring(rootKeys(join(config.stateDir, 'keys')), now)
  const notes: Notes = {
    // A record of what came back that can't be written is one of the things that `failed` says.
    actuation: body => void ledger.note({ kind: 'actuation', body }).catch(() => undefined),
    counted: figures.actuated,
  }
  const scaler = new Scaler(config.platform, config.token, notes)
  const courier = new Courier(keyring.order, notes, () => clock.us() / 1000)
  const history = new History()
  const observer = new Observer({
    platformUrl: config.platform,
    token: config.token,
    now: () => Math.round(clock.us() / 1000),
    log,
    changed: () => {
      history.keep(new Set(observer.platform?.endpoints.map(({ endpoint }) => endpoint)))
      bells.table.ring()
    },
    second: windows => {
      const view = office.view(windows.endpoint)
      if (view !== null) history.add(windows, view.live)
    },
  })
  const office = new Office({ observer, memory, settings, ledger, scaler, courier, figures, telemetry, now })
  for (const record of journal.restored.recent) office.show(record)
  const people = new People(memory, ledger, now)
  const running = new Running({
    journal,
    settings,
    observer,
    office,
    people,
    figures,
    tables: bells.table,
    clock,
    log,
    identity: config.identity,
    version,
  })
  const loop = eachSecond(async () => {
    await running.second()
    bells.second.ring()
  })
  const tables = new Tables(keyring, name => office.edgeFacts(name), now())
  const close = closer(journal, [observer, scaler, courier], loop, telemetry)
  const routes = routesOf({
    token: config.token,
    logDir: journal.dir,
    now,
    unready: () => running.unready(),
    durable: journal.durable,
    views: () => office.views(),
    history,
    metrics: figures.page(() => ({ acting: ledger.failed === null, endpoints: office.views() })),
    eachSecond: bells.second.listen,
    eachAppend: bells.append.listen,
    eachTable: bells.table.listen,
    replicaTable: edge => tables.table(observer.platform, edge),
    activate: endpoint => {
      const known = office.activate(endpoint)
      if (known) loop.now()
      return known
    },
    setOverride: (endpoint, raw) => people.set(endpoint, raw),
    clearOverride: (endpoint, what, who) => people.clear(endpoint, what, who),
  })
  try {
    const served = await serve({ ...config.admin, routes, token: config.token })
    return {
      address: served.address,
      async close() {
        await served.close()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Stops the tick first, then what it uses; the log last. */
function closer(
  journal: Journal,
  workers: { stop(): void }[],
  loop: { stop(): Promise<void> },
  telemetry: { shutdown(): Promise<void> },
): () => Promise<void> {
  return async () => {
    await loop.stop()
    for (const worker of workers) worker.stop()
    await journal.ledger.close()
    await telemetry.shutdown()
  }
}
