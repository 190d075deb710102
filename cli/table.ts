import type { EndpointView } from '../controller/view.ts'
import { shortName } from './place.ts'

/** The live table of `up` and `top`: text in, text out. */
const columns: { head: string; of: (view: EndpointView) => string }[] = [
  { head: 'ENDPOINT', of: v => shortName(v.endpoint) },
  {
    head: 'REPLICAS',
    of: v =>
      v.replicas.ready === v.replicas.desired
        ? `${v.replicas.ready}`
        : `${v.replicas.ready}/${v.replicas.desired}`,
  },
  { head: 'LIMIT', of: v => `${v.learned.limit}${v.learned.phase === 'cold' ? ' learning' : ''}` },
  { head: 'IN FLIGHT', of: v => String(v.live.inFlight) },
  { head: 'WAITING', of: v => String(v.live.queued + v.live.held) },
  { head: 'OFFERED/S', of: v => String(v.live.offered) },
  { head: 'OK/S', of: v => String(v.live.ok) },
  { head: '429/S', of: v => String(v.live.rejected) },
  { head: 'P95', of: v => duration(v.live.p95Us) },
]

function duration(us: number | null): string {
  if (us === null) return '-'
  if (us >= 1_000_000) return `${(us / 1_000_000).toFixed(2)} s`
  return us >= 10_000 ? `${Math.round(us / 1000)} ms` : `${(us / 1000).toFixed(1)} ms`
}

function clockTime(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19)
}

/** Rows of equal columns, the first left-aligned and the others right-aligned. */
export function tableOf(views: EndpointView[]): string[] {
  const rows = [
    columns.map(column => column.head),
    ...views.map(view => columns.map(column => column.of(view))),
  ]
  const widths = columns.map((_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)))
  return rows.map(row =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

const NONE =
  'No endpoint yet: annotate the pod template of a Deployment with outrigger.dev/inject: "true" (docs/kubernetes.md).'

/** What people have to know besides: a line for each thing, nothing while all is well. */
export function saidOf(views: readonly EndpointView[]): string[] {
  if (views.length === 0) return [NONE]
  return views.flatMap(({ endpoint, says = [] }) =>
    says.map(words => `${shortName(endpoint)}: ${words}`),
  )
}

/** The newest decisions that changed something, newest first: time, endpoint, what, and why. */
export function changesOf(views: EndpointView[], most: number): string[] {
  return views
    .flatMap(view => view.decisions)
    .filter(decision => decision.act && decision.action !== 'hold')
    .toSorted((a, b) => b.now - a.now || b.seq - a.seq)
    .slice(0, most)
    .map(d => `${clockTime(d.now)}  ${shortName(d.endpoint)}  ${d.headline}  ${d.sentence}`)
}

/** One plain line an endpoint, for logs and pipes. */
export function plainLine(view: EndpointView, now: number): string {
  const { live, learned, replicas } = view
  return [
    clockTime(now),
    shortName(view.endpoint),
    `replicas ${replicas.ready}/${replicas.desired}`,
    `limit ${learned.limit}`,
    `in flight ${live.inFlight}`,
    `waiting ${live.queued + live.held}`,
    `offered ${live.offered}/s`,
    `ok ${live.ok}/s`,
    `429 ${live.rejected}/s`,
    `p95 ${duration(live.p95Us)}`,
    ...(view.says ?? []),
  ].join('  ')
}
