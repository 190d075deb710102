import { follow } from './connection.ts'
import { el, say } from './dom.ts'
import { endpointView } from './endpoint.ts'
import { fleet } from './fleet.ts'
import { merge } from './group.ts'
import type { Line } from './model.ts'
import { hashOf, readRoute } from './route.ts'
import type { State, View } from './view.ts'
import { clock, count, number } from './words.ts'

/** The live page: one stream in, one view of two out. */
const MOST_DECISIONS = 500

const place = document.querySelector('main') ?? document.body
const banner = el('div', { class: 'banner', role: 'alert' })
const bannerText = el('span')
const retry = el('button', { type: 'button' }, 'Try now')
const unready = el('div', { class: 'banner', role: 'alert' })
const summary = document.querySelector('#summary')
const time = document.querySelector('#clock')

const state: State = {
  now: Date.now(),
  endpoints: [],
  told: false,
  decisions: [],
  route: readRoute(location.hash),
}
let view: View | null = null
let nextTry: number | null = null

function show(): void {
  const before = state.route
  state.route = readRoute(location.hash)
  if (view === null || before.endpoint !== state.route.endpoint) {
    view?.close()
    const { endpoint } = state.route
    view = endpoint === null ? fleet() : endpointView(endpoint)
    place.replaceChildren(view.root)
    document.title = view.title
    scrollTo(0, 0)
  }
  view.update(state)
  if (state.route.decision !== null && state.route.decision !== before.decision) reveal(state.route)
}

/** A link to a decision begins with that decision in sight. */
function reveal({ decision }: State['route']): void {
  const row = [...document.querySelectorAll<HTMLElement>('[data-decision]')].find(
    each => each.dataset['decision'] === decision,
  )
  const box = row?.getBoundingClientRect()
  if (box === undefined || (box.top >= 0 && box.bottom <= innerHeight)) return
  row?.scrollIntoView({ block: 'center' })
}

function take(line: Line): void {
  const first = !state.told
  state.told = true
  state.now = line.at
  state.endpoints = line.endpoints
  const came = line.endpoints.flatMap(({ decisions }) => decisions)
  state.decisions = merge(state.decisions, came, MOST_DECISIONS)
  say(unready, line.unready ?? '')
  unready.hidden = (line.unready ?? null) === null
  if (summary !== null) say(summary, summaryOf(line))
  if (time !== null) say(time, `${clock(line.at)} UTC`)
  view?.update(state)
  if (first) reveal(state.route)
}

function summaryOf({ endpoints }: Line): string {
  const ready = endpoints.reduce((sum, { replicas }) => sum + replicas.ready, 0)
  const offered = endpoints.reduce((sum, { live }) => sum + live.offered, 0)
  return `${count(endpoints.length, 'endpoint')} · ${count(ready, 'replica')} · ${number(offered)} requests/s`
}

function sayLost(): void {
  if (nextTry === null) return
  const seconds = Math.max(0, Math.ceil((nextTry - Date.now()) / 1000))
  const when = seconds === 0 ? 'Trying again…' : `Trying again in ${seconds} s.`
  say(bannerText, `The connection to the controller is lost; the numbers are old. ${when} `)
}

const stream = follow('/v1/endpoints?follow=1', {
  line: value => take(value as Line),
  alive() {
    nextTry = null
    banner.hidden = true
    document.body.classList.remove('stale')
  },
  lost(ms) {
    nextTry = Date.now() + ms
    banner.hidden = false
    document.body.classList.add('stale')
    sayLost()
  },
})

banner.append(bannerText, retry)
banner.hidden = true
unready.hidden = true
place.before(banner, unready)
retry.addEventListener('click', () => stream.retry())
setInterval(sayLost, 500)
addEventListener('hashchange', show)
addEventListener('keydown', event => {
  if (event.key === 'Escape' && state.route.decision !== null) {
    location.hash = hashOf({ ...state.route, decision: null })
  }
})
show()
