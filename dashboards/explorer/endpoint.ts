import { charts } from './charts.ts'
import { get } from './connection.ts'
import { decisionList } from './decisions.ts'
import { el, say } from './dom.ts'
import { figure, figures, type FigureName } from './figures.ts'
import { learned } from './learned.ts'
import type { Endpoint, Point } from './model.ts'
import { addressOf } from './route.ts'
import { addPoints } from './series.ts'
import type { View } from './view.ts'
import { duration, shortName } from './words.ts'

/** One endpoint: its numbers, the last 15 min, and its decisions. */
const shown: FigureName[] = [
  'limit',
  'inFlight',
  'held',
  'queued',
  'replicas',
  'offered',
  'rejected',
  'p95',
]
/** A gap this long after a lost connection is filled from the history. */
const GAP_MS = 3000

export function endpointView(endpoint: string): View {
  const cells = shown.map(name => figure(name, el('dd', {})))
  const cards = cells.map((cell, i) => {
    const { label, means } = figures[shown[i] ?? 'limit']
    return el('div', { class: 'card figure', title: means }, el('dt', {}, label), cell.root)
  })
  const facts = el('p', { class: 'muted facts' })
  const warning = el('p', { class: 'bad', role: 'status' })
  const says = el('p', { class: 'says', role: 'status' })
  const plots = charts()
  const belief = learned(endpoint)
  const list = decisionList(endpoint)
  const history = pointsOf(endpoint, points => plots.show(points))
  const root = el(
    'div',
    {},
    el('nav', { 'aria-label': 'Breadcrumb' }, el('a', { href: '#/' }, '← All endpoints')),
    el('h1', {}, shortName(endpoint)),
    facts,
    warning,
    says,
    el('dl', { class: 'figures' }, ...cards),
    el('h2', {}, 'The last 15 minutes'),
    plots.root,
    el('h2', {}, 'What is believed of the limit'),
    belief.root,
    el('h2', {}, 'Decisions'),
    el('section', { class: 'card' }, list.root),
  )
  return {
    root,
    title: `${shortName(endpoint)} · Outrigger`,
    update(state) {
      const it = state.endpoints.find(each => each.endpoint === endpoint)
      const decisions = state.decisions.filter(each => each.endpoint === endpoint)
      list.update({ decisions, open: state.route.decision, now: state.now })
      say(warning, warningOf(endpoint, it, state.told))
      warning.hidden = warning.textContent === ''
      say(says, it?.says?.join('\n') ?? '')
      says.hidden = says.textContent === ''
      if (it === undefined) return
      for (const cell of cells) cell.update(it)
      say(facts, factsOf(it))
      history.add(it.live)
    },
    close() {
      plots.close()
      belief.close()
      history.close()
    },
  }
}

function factsOf({ endpoint, port, revision }: Endpoint): string {
  const place = port === 0 ? '' : ` Send requests to ${location.hostname}:${port}.`
  return `${endpoint}, revision ${revision.slice(0, 8)}.${place}`
}

function warningOf(endpoint: string, it: Endpoint | undefined, known: boolean): string {
  if (it === undefined) return known ? `There is no endpoint ${endpoint} now.` : ''
  if (it.windowAgeMs === null) return 'No measurement has come from the aggregator yet.'
  if (it.windowAgeMs > 5000)
    return `The newest measurement is ${duration(it.windowAgeMs * 1000)} old.`
  const coverage = it.coverage ?? 1000
  return coverage < 900
    ? `Only ${Math.round(coverage / 10)} % of the replicas' seconds were reported.`
    : ''
}

/** The points of the last 15 min: read once, then added as they come; read again after a gap. */
function pointsOf(
  endpoint: string,
  show: (points: readonly Point[]) => void,
): { add(point: Point): void; close(): void } {
  let points: Point[] = []
  let closed = false
  let asking = false
  const fill = async (): Promise<void> => {
    asking = true
    try {
      const answer = (await get(`/v1/history/${addressOf(endpoint)}`)) as { points: Point[] } | null
      if (answer === null || closed) return
      const newest = answer.points.at(-1)?.t ?? 0
      points = addPoints(
        answer.points,
        points.filter(({ t }) => t > newest),
      )
      show(points)
    } catch {
      // The connection is lost: the stream says so, and the gap is filled when it is back.
    } finally {
      asking = false
    }
  }
  void fill()
  return {
    add(point) {
      const last = points.at(-1)?.t
      points = addPoints(points, [point])
      if (last !== undefined && point.t - last > GAP_MS && !asking) void fill()
      show(points)
    },
    close() {
      closed = true
    },
  }
}
