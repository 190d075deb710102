import { detail } from './detail.ts'
import { el, Keyed, say, type Part } from './dom.ts'
import { rowsOf, type Holds, type Row } from './group.ts'
import type { Decision } from './model.ts'
import { hashOf } from './route.ts'
import { ago, changeOf, clock, count, moment, shortName, signOf } from './words.ts'

/** The decisions as they come, newest first. Holds are collapsed; one decision is open at a time: that of the address. */
export interface Shown {
  decisions: readonly Decision[]
  /** Id of the open decision. */
  open: string | null
  now: number
}

export interface DecisionList {
  root: HTMLElement
  update(shown: Shown): void
}

/** `endpoint` null: of all endpoints, each named. */
export function decisionList(endpoint: string | null): DecisionList {
  let current: Shown = { decisions: [], open: null, now: 0 }
  const items = el('ol', { class: 'decisions' })
  const pinned = el('div', { class: 'pinned' })
  const empty = el('p', { class: 'muted' }, 'None yet: the first comes within seconds.')
  const root = el('div', {}, pinned, empty, items)
  const rows = new Keyed<Row>(items, row =>
    row.kind === 'holds'
      ? group(row, endpoint, () => current)
      : single(row.decision, endpoint, () => current),
  )
  return {
    root,
    update(shown) {
      current = shown
      empty.hidden = shown.decisions.length > 0
      rows.show(rowsOf(shown.decisions), row => row.key)
      showPinned(pinned, shown, endpoint)
    },
  }
}

/** The decision of a link that is too old for the list. */
function showPinned(
  pinned: HTMLElement,
  { decisions, open }: Shown,
  endpoint: string | null,
): void {
  const missing = open !== null && !decisions.some(({ id }) => id === open)
  const wanted = missing ? open : ''
  if (pinned.dataset['id'] === wanted) return
  pinned.dataset['id'] = wanted
  pinned.replaceChildren()
  if (!missing) return
  const close = el('a', { href: hashOf({ endpoint, decision: null }) }, 'Close')
  pinned.append(el('h3', {}, 'An earlier decision'), detail(open, true), close)
}

function single(first: Decision, endpoint: string | null, current: () => Shown): Part<unknown> {
  const { id } = first
  const when = el(
    'time',
    { datetime: new Date(first.now).toISOString(), title: moment(first.now) },
    clock(first.now),
  )
  const since = el('span', { class: 'ago' })
  const sign = el(
    'span',
    { class: `sign ${first.action}`, 'aria-hidden': 'true' },
    signOf(first.action),
  )
  const name = endpoint === null ? el('span', { class: 'who' }, shortName(first.endpoint)) : null
  const why = el('span', { class: 'why' }, first.sentence)
  const title = el('span', { class: 'change' }, changeOf(first))
  const advice =
    first.act || first.action === 'hold' ? null : el('span', { class: 'tag' }, 'advice')
  const button = el(
    'button',
    { type: 'button', class: 'row', 'aria-expanded': 'false', 'data-decision': id },
    el('span', { class: 'when' }, when, since),
    sign,
    el('span', { class: 'what' }, name, title, advice, why),
  )
  const body = el('div', { class: 'body', id: `decision-${id}` })
  body.hidden = true
  button.setAttribute('aria-controls', body.id)
  button.addEventListener('click', () => {
    location.hash = hashOf({ endpoint, decision: current().open === id ? null : id })
  })
  return {
    root: el('li', {}, button, body),
    update() {
      const { open, now } = current()
      say(since, ago(first.now, now))
      const isOpen = open === id
      if (isOpen === !body.hidden) return
      body.hidden = !isOpen
      button.setAttribute('aria-expanded', String(isOpen))
      body.replaceChildren(...(isOpen ? [detail(id, false)] : []))
    },
  }
}

function group(first: Holds, endpoint: string | null, current: () => Shown): Part<Holds> {
  let opened = false
  let holds = first
  const when = el('time', {})
  const title = el('span', { class: 'change' })
  const why = el('span', { class: 'why' })
  const button = el(
    'button',
    { type: 'button', class: 'row quiet', 'aria-expanded': 'false' },
    el('span', { class: 'when' }, when, el('span', { class: 'ago' })),
    el('span', { class: 'sign hold', 'aria-hidden': 'true' }, signOf('hold')),
    el('span', { class: 'what' }, title, why),
  )
  const inner = el('ol', { class: 'holds' })
  inner.hidden = true
  const rows = new Keyed<Decision>(inner, decision => single(decision, endpoint, current))
  const update = (item: Holds): void => {
    holds = item
    const isOpen = opened || holds.decisions.some(({ id }) => id === current().open)
    say(when, clock(holds.to))
    when.dateTime = new Date(holds.to).toISOString()
    say(title, titleOf(holds))
    say(why, holds.decisions[0]?.sentence ?? '')
    button.setAttribute('aria-expanded', String(isOpen))
    inner.hidden = !isOpen
    rows.show(isOpen ? holds.decisions : [], ({ id }) => id)
  }
  button.addEventListener('click', () => {
    const isOpen = !inner.hidden
    opened = !isOpen
    const inside = holds.decisions.some(({ id }) => id === current().open)
    if (isOpen && inside) location.hash = hashOf({ endpoint, decision: null })
    update(holds)
  })
  return { root: el('li', { class: 'group' }, button, inner), update }
}

function titleOf({ decisions, from, to, endpoints }: Holds): string {
  const what = count(decisions.length, 'hold')
  const who =
    endpoints.length === 1 ? shortName(endpoints[0] ?? '') : count(endpoints.length, 'endpoint')
  const span = to - from >= 1000 ? ` since ${clock(from)}` : ''
  return `${what} (${who})${span}`
}
