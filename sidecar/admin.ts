import { timingSafeEqual } from 'node:crypto'
import { HEADERS } from '../core/model/tables.ts'
import { Refused, type Answer, type Ask, type Route } from '../core/runtime/admin.ts'
import type { HookKind } from './admit/drain.ts'
import type { Draining } from './drain.ts'
import type { OrderResult, Orders } from './orders.ts'

/** The admin port: health, orders, drain, and the samples' route. */
export interface AdminOptions {
  orders: Orders
  samples: Route
  /** Null when ready, else why not. */
  unready(): Promise<string | null>
  drainSecret: string | null
  drains: Draining
  present(): { inFlight: number; queued: number }
}

/** How often both servers for those who run the model look for who takes too long to ask. */
export const LOOK_MS = 120_000

const MOST_ORDER_BYTES = 64 * 1024

/** Malformed and forged orders are the sender's fault; the rest is a conflict with what is in force. */
const statuses: Partial<Record<OrderResult, number>> = {
  taken: 200,
  same: 200,
  malformed: 400,
  'key-expired': 403,
  'key-not-of-root': 403,
  'bad-signature': 403,
}

export function adminRoutes(options: AdminOptions): Route[] {
  const { orders, samples, unready, present } = options
  const drain = (ask: Ask): Answer => {
    authorise(ask, options.drainSecret)
    options.drains.leave()
    return { status: 202, json: { draining: true, ...present() } }
  }
  return [
    samples,
    { at: 'GET /healthz', handle: () => ({ status: 200, json: { ok: true } }) },
    {
      at: 'GET /readyz',
      async handle() {
        const why = await unready()
        return { status: why === null ? 200 : 503, json: { ready: why === null, why } }
      },
    },
    {
      at: 'PUT /v1/order',
      async handle(ask) {
        const { result, words } = orders.put(await ask.json(MOST_ORDER_BYTES))
        return { status: statuses[result] ?? 409, json: { result, words } }
      },
    },
    {
      at: 'GET /v1/order',
      handle: () => ({ status: 200, json: { order: orders.current() } }),
    },
    { at: 'PUT /v1/drain', handle: drain },
    { at: 'POST /v1/drain', handle: drain },
    ...hooks('app', options),
    ...hooks('pod', options),
  ]
}

/** A preStop hook, answered when it may go on. The kubelet's are GETs. */
function hooks(kind: HookKind, { drains, drainSecret }: AdminOptions): Route[] {
  const handle = async (ask: Ask): Promise<Answer> => {
    authorise(ask, drainSecret)
    return { status: 200, json: await drains.hook(kind) }
  }
  return ['GET', 'POST'].map(method => ({ at: `${method} /v1/drain/${kind}`, handle }))
}

function authorise(ask: Ask, secret: string | null): void {
  if (sameSecret(ask.headers[HEADERS.drain], secret)) return
  throw new Refused(403, `a drain needs the secret in ${HEADERS.drain}`)
}

function sameSecret(got: string | string[] | undefined, wanted: string | null): boolean {
  if (wanted === null || typeof got !== 'string') return false
  const [a, b] = [Buffer.from(got), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}
