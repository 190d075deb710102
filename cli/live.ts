import { join } from 'node:path'
import type { WriteStream } from 'node:tty'
import type { EndpointView } from '../controller/view.ts'
import { shortName } from './place.ts'
import { changesOf, plainLine, saidOf, tableOf } from './table.ts'
import { keepFollowing, linesOf, type Way } from './way.ts'

/** Shows what goes on: a live table on a terminal, plain lines elsewhere. Fed by the controller's stream. */
export interface LiveOptions {
  way: Way
  /** Where the live page is; null where it takes a command to see it. */
  page: string | null
  /** Endpoint -> where clients send. */
  urls: Record<string, string>
  /** Null where nothing lies on this machine. */
  state: string | null
  out: NodeJS.WriteStream
}

/** Plain lines come this often, in lines of the stream (seconds). */
const PLAIN_EVERY = 5
const CHANGES = 8
const SAID = 8
/** The controller tells each second. */
const SILENCE_MS = 5000

export function showLive(options: LiveOptions): { stop(): void; ended: Promise<void> } {
  const { out } = options
  for (const line of heading(options)) out.write(`${line}\n`)
  const show = out.isTTY ? redraw(out) : plain(out)
  return keepFollowing({
    lines: signal =>
      linesOf(options.way, '/v1/endpoints?follow=1', { silenceMs: SILENCE_MS, signal }),
    line: text => show((JSON.parse(text) as { endpoints: EndpointView[] }).endpoints),
    lost: why => void process.stderr.write(`${why.replace(/\.$/, '')}; asking again.\n`),
  })
}

function heading({ page, urls, state }: LiveOptions): string[] {
  const names = Object.entries(urls).map(
    ([endpoint, url]) => `  ${shortName(endpoint).padEnd(12)} ${url}`,
  )
  return [
    ...(state === null ? [] : ['Outrigger is up.']),
    ...(page === null ? [] : [`  live page    ${page}`]),
    ...names,
    ...(state === null ? [] : [`  state        ${state} (logs in ${join(state, 'logs')})`]),
    '',
  ]
}

/** Each frame is drawn over the last. */
function redraw(out: WriteStream): (views: EndpointView[]) => void {
  let height = 0
  return views => {
    const changes = changesOf(views, CHANGES)
    const said = saidOf(views)
    const more = said.length - SAID
    const lines = [
      ...tableOf(views),
      ...(said.length === 0 ? [] : ['', ...said.slice(0, SAID)]),
      ...(more > 0 ? [`and ${more} more: outrigger top --once`] : []),
      '',
      'Last changes (UTC):',
      ...(changes.length === 0 ? ['  none yet'] : changes),
    ]
    const width = out.columns || 120
    const frame = lines.map(line => `${line.slice(0, width - 1)}\x1b[K\n`).join('')
    out.write(`${height > 0 ? `\x1b[${height}A` : ''}${frame}\x1b[J`)
    height = lines.length
  }
}

/** A line an endpoint now and then, and each change once. */
function plain(out: NodeJS.WriteStream): (views: EndpointView[]) => void {
  let seconds = 0
  let newest = 0
  return views => {
    const fresh = views.map(view => ({
      ...view,
      decisions: view.decisions.filter(decision => decision.seq > newest),
    }))
    newest = Math.max(
      newest,
      ...views.flatMap(view => view.decisions.map(decision => decision.seq)),
    )
    for (const line of changesOf(fresh, 20).toReversed()) out.write(`${line}\n`)
    if (seconds++ % PLAIN_EVERY !== 0) return
    const now = Math.max(0, ...views.map(view => view.live.t))
    const lines = views.length === 0 ? saidOf(views) : views.map(view => plainLine(view, now))
    for (const line of lines) out.write(`${line}\n`)
  }
}
