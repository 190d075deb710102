import { isIP } from 'node:net'
import { HEADERS } from '../core/model/tables.ts'
import { Refused, sameToken, type Answer, type Ask, type Route } from '../core/runtime/admin.ts'
import type { MetricsPage } from '../core/runtime/metrics.ts'
import { actuationsOf, answersAt } from './answers.ts'
import { explain } from './explain.ts'
import type { Belief } from './learned/belief.ts'
import type { History } from './history.ts'
import { logRoute, type LogSource } from './log-stream.ts'
import { pageRoutes } from './page.ts'
import { findRecord } from './record/read.ts'
import type { EndpointView } from './view.ts'

/** What the admin server needs of the controller. */
export interface Counter extends LogSource {
  token: string | null
  /** Without the token nothing is shown but health and metrics: others than this machine's people reach us. */
  closed: boolean
  now(): number
  /** Why it does not work as it should, in words; null when it does. */
  unready(): string | null
  views(): EndpointView[]
  history: History
  belief(endpoint: string): Belief | null
  metrics: MetricsPage
  /** Called after each second. Gives what to call to stop. */
  eachSecond(tell: () => void): () => void
  replicaTable(edge: string | null): unknown
  /** Also called at once when the table changes. */
  eachTable(tell: () => void): () => void
  activate(endpoint: string): boolean
  setOverride(endpoint: string, raw: unknown): Promise<unknown>
  clearOverride(endpoint: string, what: string | null, who: string | null): Promise<unknown>
}

const json = (value: unknown): Answer => ({ status: 200, json: value })

export function routesOf(counter: Counter): Route[] {
  const routes: Route[] = [
    { at: 'GET /healthz', handle: () => json({ status: 'ok' }) },
    { at: 'GET /readyz', handle: () => readiness(counter) },
    { at: 'GET /metrics', handle: () => metricsAnswer(counter) },
    { at: 'GET /v1/replicas', guarded: true, handle: ask => replicas(ask, counter) },
    { at: 'POST /v1/activate/:endpoint*', guarded: true, handle: ask => activate(ask, counter) },
    logRoute(counter),
    { at: 'GET /v1/endpoints', handle: ask => endpoints(ask, counter) },
    {
      at: 'GET /v1/history/:endpoint*',
      handle: ask => json({ endpoint: nameOf(ask), points: counter.history.of(nameOf(ask)) }),
    },
    { at: 'GET /v1/decisions/:id', handle: ask => decision(ask, counter) },
    { at: 'GET /v1/explain/:endpoint*', handle: ask => explained(ask, counter) },
    { at: 'GET /v1/learned/:endpoint*', handle: ask => learned(ask, counter) },
    {
      at: 'PUT /v1/overrides/:endpoint*',
      guarded: true,
      handle: async ask => json(await counter.setOverride(nameOf(ask), await ask.json())),
    },
    {
      at: 'DELETE /v1/overrides/:endpoint*',
      guarded: true,
      handle: async ask =>
        json(await counter.clearOverride(nameOf(ask), ask.query.get('what'), ask.query.get('who'))),
    },
    ...pageRoutes,
  ]
  return routes.map(route => ({
    ...route,
    handle: ask => {
      if (!OPEN.has(route.at)) refuseStrangers(ask, counter)
      return route.handle(ask)
    },
  }))
}

/** What shows nothing of anyone's endpoints, and /metrics, which is for whoever the network lets in. */
const OPEN: ReadonlySet<string> = new Set(['GET /healthz', 'GET /readyz', 'GET /metrics'])

/** A page of somewhere else whose name was pointed at this machine (DNS rebinding) names itself in Host. */
function refuseStrangers(ask: Ask, { token, closed }: Pick<Counter, 'token' | 'closed'>): void {
  if (token !== null && sameToken(ask.headers[HEADERS.token], token)) return
  if (closed) throw new Refused(401, `this needs the token in ${HEADERS.token}`)
  const host = (ask.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  if (host === 'localhost' || host.endsWith('.localhost') || isIP(host) !== 0) return
  throw new Refused(
    403,
    `this is not ${JSON.stringify(host)}; ask for it by its address or as localhost`,
  )
}

function nameOf(ask: Ask): string {
  return ask.params.endpoint ?? ''
}

function readiness(counter: Counter): Answer {
  const why = counter.unready()
  return { status: why === null ? 200 : 503, json: { ready: why === null, why } }
}

async function metricsAnswer({ metrics }: Counter): Promise<Answer> {
  return { status: 200, body: await metrics.text(), type: metrics.type }
}

/** A reader takes silence for death after 5 s; the table is sent at least this often, in seconds. */
const TABLE_EVERY = 2

function replicas(ask: Ask, counter: Counter): Answer {
  const edge = ask.query.get('edge')
  if (ask.query.get('follow') !== '1') {
    const table = counter.replicaTable(edge)
    return table === null
      ? { status: 503, json: { error: 'the platform has not answered yet' } }
      : json(table)
  }
  return {
    follow: write => {
      let seconds = 0
      let last = ''
      const send = (always: boolean): void => {
        const table = counter.replicaTable(edge)
        if (table === null) return
        const line = JSON.stringify(table)
        if (line === last && !always) return
        last = line
        write(line)
      }
      send(true)
      const stops = [
        counter.eachTable(() => send(false)),
        counter.eachSecond(() => send(++seconds % TABLE_EVERY === 0)),
      ]
      return () => stops.forEach(stop => stop())
    },
  }
}

function activate(ask: Ask, counter: Counter): Answer {
  if (!counter.activate(nameOf(ask))) throw new Refused(404, `no endpoint ${nameOf(ask)}`)
  return { status: 202, json: { activated: nameOf(ask) } }
}

function endpoints(ask: Ask, counter: Counter): Answer {
  const view = (): unknown => ({
    at: counter.now(),
    unready: counter.unready(),
    endpoints: counter.views(),
  })
  if (ask.query.get('follow') !== '1') return json(view())
  return {
    follow: write => {
      write(view())
      return counter.eachSecond(() => write(view()))
    },
  }
}

async function decision(ask: Ask, counter: Counter): Promise<Answer> {
  const id = ask.params.id ?? ''
  const record = await findRecord(counter.logDir, /^\d{1,15}$/.test(id) ? Number(id) : id)
  if (record === null) throw new Refused(404, `no record ${id} in the log`)
  if (record.kind !== 'decision') return json({ record })
  return json({
    record,
    explanation: explain(record),
    actuations: await actuationsOf(counter.logDir, record, counter.durable),
  })
}

function learned(ask: Ask, counter: Counter): Answer {
  const belief = counter.belief(nameOf(ask))
  if (belief === null) throw new Refused(404, `no endpoint ${nameOf(ask)}`)
  return json(belief)
}

async function explained(ask: Ask, counter: Counter): Promise<Answer> {
  const text = ask.query.get('at')
  const at =
    text === null ? counter.now() : /^\d{10,16}$/.test(text) ? Number(text) : Date.parse(text)
  if (!Number.isFinite(at))
    throw new Refused(400, 'at: expected a UTC time such as 2026-01-31T03:12:00Z')
  const answers = await answersAt(counter.logDir, nameOf(ask), at)
  if (answers.length === 0)
    throw new Refused(404, `no decision for ${nameOf(ask)} at that time is in the log`)
  const now = counter.views().find(({ endpoint }) => endpoint === nameOf(ask))
  return json({ endpoint: nameOf(ask), at, answers, says: now?.says ?? [] })
}
