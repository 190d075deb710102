import { Refused, serve } from '../core/runtime/admin.ts'
import { systemClock, type Clock } from '../core/runtime/clock.ts'
import { jsonLog, type Log } from '../core/runtime/log.ts'
import { joined } from '../core/runtime/metrics.ts'
import { startTelemetry, type Telemetry } from '../core/runtime/telemetry.ts'
import type { Bodies } from '../core/model/decision.ts'
import type { Notes } from './act/notes.ts'
import { Courier } from './act/orders.ts'
import { Scaler } from './act/scale.ts'
import type { ControllerConfig } from './config.ts'
import { Office } from './desk.ts'
import { Tables } from './edges.ts'
import { Figures } from './figures.ts'
import { localGround, type Ground } from './ground.ts'
import { History } from './history.ts'
import { openJournal, type Journal } from './journal.ts'
import { Keyring } from './keyring.ts'
import { Bell, eachSecond, type Loop } from './loop.ts'
import { Observer } from './observe.ts'
import { People } from './people.ts'
import type { OpenFile } from './record/writer.ts'
import { Running } from './running.ts'
import { routesOf, type Counter } from './serve.ts'
import type { Draft } from './record/line.ts'
import { Strangers } from './strangers.ts'

export interface Controller {
  /** host:port of the admin server. */
  address: string
  /** Why nothing can be recorded any more, where another one has the log to go on from; else null. */
  spent(): string | null
  close(): Promise<void>
}

export interface ControllerOptions {
  version: string
  log?: Log
  clock?: Clock
  /** What the controller stands on; otherwise the platform of `outrigger up`. */
  ground?: Ground
  /** The disk of the decision log. */
  openFile?: OpenFile
}

/**
 * Starts the controller. Rejects when its address can't be listened on, with BadConfig when the settings
 * file is wrong, and with Unusable when the decision log is broken.
 */
export async function startController(
  config: ControllerConfig,
  options: ControllerOptions,
): Promise<Controller> {
  const { version, log = jsonLog('controller', config.logLevel), clock = systemClock() } = options
  const ground = options.ground ?? localGround(config, log)
  const { settings } = ground
  const figures = new Figures()
  const bells = { second: new Bell(), append: new Bell(), table: new Bell() }
  const journal = await openJournal({
    stateDir: config.stateDir,
    options: () => settings.logOptions,
    clock: () => clock.now(),
    identity: config.identity,
    epoch: ground.epoch,
    version,
    log,
    ...(options.openFile === undefined ? {} : { openFile: options.openFile }),
    durable: (us, records) => {
      figures.append.add(us)
      for (const { kind } of records) figures.count('outrigger_log_records_total', { kind })
      bells.append.ring()
    },
  })
  try {
    await ground.raised(journal.ledger.epoch)
  } catch (error) {
    await journal.ledger.close()
    throw error
  }
  const { environment } = config
  const telemetry = await startTelemetry({ component: 'controller', version, environment, log })
  const base = { config, version, log, clock, ground, figures, bells, journal, telemetry }
  const staff = hire(base)
  const close = async (): Promise<void> => {
    // The tick first, then what it uses; the log last.
    await staff.loop.stop()
    for (const each of [staff.observer, staff.scaler, staff.courier]) each.stop()
    await journal.ledger.close()
    await telemetry.shutdown()
  }
  try {
    const copies = new Set<symbol>()
    const copied = counted(copies)
    const routes = [...routesOf({ ...counterOf(base, staff), copied }), ...ground.routes]
    const served = await serve({ ...config.admin, routes, token: config.token })
    return {
      address: served.address,
      spent: () => (copies.size > 0 ? journal.ledger.failed : null),
      close: async () => {
        await served.close()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

function counted(those: Set<symbol>): () => () => void {
  return () => {
    const one = Symbol('a copy')
    those.add(one)
    return () => void those.delete(one)
  }
}

interface Base {
  config: ControllerConfig
  version: string
  log: Log
  clock: Clock
  ground: Ground
  figures: Figures
  bells: { second: Bell; append: Bell; table: Bell }
  journal: Journal
  telemetry: Telemetry
}

interface Staff {
  observer: Observer
  scaler: Scaler
  courier: Courier
  office: Office
  people: People
  running: Running
  history: History
  tables: Tables
  loop: Loop
}

/** Everyone who works in a running controller, each knowing only whom it needs. */
function hire(base: Base): Staff {
  const { config, version, log, clock, ground, figures, bells, journal, telemetry } = base
  const { memory, ledger, now } = journal
  const { identity } = config
  const { platform, settings } = ground
  const keyring = new Keyring(ground.keys, now)
  // A record of what came back that can't be written is one of the things that `failed` says.
  const note = (draft: Draft): void => void ledger.note(draft).catch(() => undefined)
  const actuation: Notes['actuation'] = body => note({ kind: 'actuation', body })
  const notes: Notes = { actuation, counted: figures.actuated }
  const scaler = new Scaler(platform, notes)
  const courier = new Courier(keyring.order, notes, () => clock.us() / 1000)
  const history = new History()
  const seen = { config, ground, log, clock, bells, journal, figures }
  const observer = watch(seen, { history, scaler }, name => office.view(name))
  const office = new Office({
    observer,
    platform,
    memory,
    settings,
    ledger,
    scaler,
    courier,
    figures,
    notebook: journal.restored.notebook,
    telemetry,
    now,
    log,
  })
  for (const record of journal.restored.recent) office.show(record)
  const people = new People(memory, ledger, now)
  const scaled = (body: Bodies['scaled']): void => note({ kind: 'scaled', body })
  const strangers = new Strangers({ asked: scaler.asked, who: ground.who, note: scaled })
  const running = new Running({
    journal,
    ground,
    observer,
    office,
    people,
    strangers,
    figures,
    tables: bells.table,
    clock,
    log,
    identity,
    version,
  })
  const loop = eachSecond(async () => {
    await running.second()
    bells.second.ring()
  })
  const tables = new Tables(keyring, name => office.edgeFacts(name), now())
  return { observer, scaler, courier, office, people, running, history, tables, loop }
}

/** The observer, with charts filled, edges told and what is gone let go as news comes. */
function watch(
  { config, ground, log, clock, bells, journal, figures }: Omit<Base, 'version' | 'telemetry'>,
  { history, scaler }: Pick<Staff, 'history' | 'scaler'>,
  view: Office['view'],
): Observer {
  const observer = new Observer({
    platform: ground.platform,
    token: config.token,
    now: () => Math.round(clock.us() / 1000),
    ahead: journal.ahead,
    log,
    changed: () => {
      const there = new Set(observer.platform?.endpoints.map(({ endpoint }) => endpoint))
      for (const each of [history, figures, scaler]) each.keep(there)
      journal.restored.notebook.keep(journal.memory.endpoints)
      bells.table.ring()
    },
    second: windows => {
      ground.second(windows)
      const now = view(windows.endpoint)
      if (now !== null) history.add(windows, now.live)
    },
  })
  return observer
}

/** What the admin server is given of it all. */
function counterOf({ config, journal, figures, bells, ground }: Base, staff: Staff): Counter {
  const { office, people, running, observer, tables, loop, history } = staff
  const page = figures.page(() => ({
    acting: journal.ledger.failed === null,
    endpoints: office.views(),
  }))
  return {
    token: config.token,
    closed: typeof config.platform !== 'string',
    logDir: journal.dir,
    now: journal.now,
    unready: () => running.unready(),
    durable: journal.durable,
    views: () => office.views(),
    history,
    belief: endpoint => office.belief(endpoint),
    metrics: ground.metrics === null ? page : joined(page, ground.metrics),
    eachSecond: bells.second.listen,
    eachAppend: bells.append.listen,
    eachTable: bells.table.listen,
    replicaTable: edge => tables.table(observer.platform, edge),
    activate: endpoint => {
      const known = office.activate(endpoint)
      if (known) loop.now()
      return known
    },
    setOverride(endpoint, raw) {
      // A name that is mistyped would wait in the log for an endpoint of that name.
      const unknown = observer.platform !== null && observer.endpoint(endpoint) === null
      if (unknown) throw new Refused(404, `no endpoint ${endpoint}`)
      return people.set(endpoint, raw)
    },
    clearOverride: (endpoint, what, who) => people.clear(endpoint, what, who),
  }
}
