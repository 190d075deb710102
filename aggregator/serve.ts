import { check, sentence } from '../core/model/schema.ts'
import { targets as targetsSchema, type Targets } from '../core/model/tables.ts'
import { Refused, type Answer, type Ask, type Route } from '../core/runtime/admin.ts'
import type { Clock } from '../core/runtime/clock.ts'
import type { MetricsPage } from '../core/runtime/metrics.ts'
import type { Board } from './board.ts'
import type { Store } from './store/store.ts'

/** 20,000 targets of the longest names. */
const LONGEST_TARGETS = 16 * 1024 * 1024

export interface ServeDesk {
  board: Board
  store: Store
  clock: Clock
  page: MetricsPage
  setTargets(targets: Targets['targets']): void
}

/** The aggregator's API: targets in, windows out. */
export function routesOf(desk: ServeDesk): Route[] {
  const { board, page } = desk
  const headers = { 'x-outrigger-boot': board.boot }
  return [
    { at: 'PUT /v1/targets', guarded: true, handle: ask => putTargets(ask, desk) },
    {
      at: 'GET /v1/windows',
      handle: ({ query }) =>
        query.get('follow') === '1'
          ? { headers, follow: write => board.follow(write) }
          : { status: 200, headers, json: listOf(board) },
    },
    { at: 'GET /v1/windows/:endpoint*', handle: ask => getWindows(ask, desk) },
    {
      at: 'GET /healthz',
      handle: () => ({ status: 200, json: { status: 'ok', boot: board.boot } }),
    },
    // Ready as soon as it listens: the targets come over this very address.
    { at: 'GET /readyz', handle: () => ({ status: 200, json: { status: 'ready' } }) },
    {
      at: 'GET /metrics',
      handle: async () => ({ status: 200, body: await page.text(), type: page.type }),
    },
  ]
}

async function putTargets(ask: Ask, desk: ServeDesk): Promise<Answer> {
  const checked = check(targetsSchema, await ask.json(LONGEST_TARGETS))
  if (!checked.ok) throw new Refused(400, checked.issues.map(sentence).join('; '))
  const { targets } = checked.value
  const nameless = targets.findIndex(
    ({ kind, endpoint }) => kind === 'replica' && endpoint === null,
  )
  if (nameless >= 0) {
    throw new Refused(400, `targets[${nameless}].endpoint: expected namespace/name, got null`)
  }
  desk.setTargets(targets)
  return { status: 200, json: { v: 1, boot: desk.board.boot, targets: targets.length } }
}

function getWindows({ params, query }: Ask, { board, store, clock }: ServeDesk): Answer {
  const name = params.endpoint ?? ''
  const replica = query.get('replica')
  const windows =
    replica === null ? board.get(name) : store.replicaWindows(name, replica, clock.now())
  if (windows === undefined || windows === null) {
    throw new Refused(
      404,
      `no windows of ${replica === null ? name : `replica ${replica} of ${name}`}`,
    )
  }
  return { status: 200, headers: { 'x-outrigger-boot': board.boot }, json: windows }
}

/** Each endpoint in a line: enough to choose one. */
function listOf(board: Board): unknown {
  return {
    v: 1,
    boot: board.boot,
    endpoints: board.all().map(({ endpoint, at, warm, windows }) => ({
      endpoint,
      at,
      warm,
      expected: windows['20']?.expected ?? 0,
      reporting: windows['20']?.reporting ?? 0,
      coverage: windows['20']?.coverage ?? 0,
      stalenessMs: windows['20']?.stalenessMs ?? 0,
    })),
  }
}
