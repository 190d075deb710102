import { decisionList } from './decisions.ts'
import { el, Keyed, say, type Part } from './dom.ts'
import { figure, figures, type FigureName } from './figures.ts'
import type { Decision, Endpoint } from './model.ts'
import { hashOf } from './route.ts'
import type { State, View } from './view.ts'
import { ago, changeOf, noEndpoints, shortName } from './words.ts'

/** All endpoints in a table, and the decisions of all as they come. */
const shown: FigureName[] = [
  'limit',
  'inFlight',
  'queued',
  'held',
  'replicas',
  'offered',
  'rejected',
]

export function fleet(): View {
  const body = el('tbody')
  const heads = shown.map(name => el('th', { scope: 'col', class: 'number' }, figures[name].label))
  const table = el(
    'table',
    { class: 'fleet' },
    el('caption', { class: 'hidden' }, 'Endpoints and their live numbers'),
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        el('th', { scope: 'col' }, 'Endpoint'),
        ...heads,
        el('th', { scope: 'col', class: 'last' }, 'Last change'),
      ),
    ),
    body,
  )
  let now = 0
  const rows = new Keyed<Endpoint>(body, first => row(first, () => now))
  const list = decisionList(null)
  const waiting = el('p', { class: 'muted' })
  // Shown when the numbers are there, all at once: nothing jumps.
  const ready = el(
    'div',
    {},
    el('section', { class: 'card scroll' }, table),
    el('section', {}, el('h2', {}, 'Decisions'), el('div', { class: 'card' }, list.root)),
    glossary(),
  )
  const root = el('div', {}, el('h1', { class: 'hidden' }, 'All endpoints'), waiting, ready)
  return {
    root,
    title: 'Outrigger',
    update(state: State) {
      now = state.now
      say(waiting, noEndpoints(state.told))
      waiting.hidden = state.endpoints.length > 0
      ready.hidden = !waiting.hidden
      rows.show(state.endpoints, ({ endpoint }) => endpoint)
      list.update({ decisions: state.decisions, open: state.route.decision, now })
    },
    close: () => undefined,
  }
}

function row({ endpoint }: Endpoint, now: () => number): Part<Endpoint> {
  const link = el(
    'a',
    { href: hashOf({ endpoint, decision: null }), class: 'name' },
    shortName(endpoint),
  )
  const place = el(
    'span',
    { class: 'sub' },
    endpoint.slice(0, Math.max(0, endpoint.lastIndexOf('/'))),
  )
  const cells = shown.map(name =>
    figure(name, el('td', { class: 'number', 'data-label': figures[name].label })),
  )
  const change = el('a', { class: 'change', href: '#/' })
  const why = el('span', { class: 'why' })
  const since = el('span', { class: 'ago' })
  const says = el('span', { class: 'sub' })
  const last = el(
    'td',
    { class: 'last', 'data-label': 'Last change' },
    change,
    ' ',
    since,
    why,
    says,
  )
  return {
    root: el(
      'tr',
      {},
      el('th', { scope: 'row' }, link, place),
      ...cells.map(cell => cell.root),
      last,
    ),
    update(item) {
      for (const cell of cells) cell.update(item)
      const decision = lastChange(item)
      say(change, decision === null ? 'no decision yet' : changeOf(decision))
      say(since, decision === null ? '' : ago(decision.now, now()))
      say(why, decision?.sentence ?? '')
      say(says, (item.says ?? []).join(' '))
      change.href = hashOf({ endpoint, decision: decision?.id ?? null })
    },
  }
}

function lastChange({ decisions }: Endpoint): Decision | null {
  return decisions.find(({ action }) => action !== 'hold') ?? decisions[0] ?? null
}

function glossary(): HTMLElement {
  const terms = Object.values(figures).flatMap(({ label, means }) => [
    el('dt', {}, label),
    el('dd', {}, means),
  ])
  return el(
    'details',
    { class: 'glossary' },
    el('summary', {}, 'What these numbers mean'),
    el('dl', {}, ...terms),
  )
}
