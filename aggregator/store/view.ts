import { spans, type Span, type Window } from '../../core/model/window.ts'
import {
  spreadOf,
  type EndpointWindow,
  type EndpointWindows,
  type ReplicaRow,
} from '../../core/model/windows.ts'
import type { Endpoint } from './endpoint.ts'
import { Figures } from './figures.ts'
import { Folder } from './folder.ts'
import { firstOf, type Ring } from './ring.ts'
import type { Sender } from './sender.ts'

/** What is told of an endpoint: made from its rings, for the spans that end with its newest second. */

/** GET /v1/windows/ENDPOINT?replica=NAME: the whole windows of one replica. */
export interface ReplicaWindows {
  v: 1
  endpoint: string
  replica: string
  at: number
  windows: Record<string, Window>
}

type BySpan<T> = ReadonlyMap<Span, T>
interface Told {
  sender: Sender
  figures: BySpan<Figures>
}

export function endpointWindows(endpoint: Endpoint, now: number, warm: boolean): EndpointWindows {
  const end = endpoint.newestSecond(now)
  const told = [...endpoint.senders.values()]
    .filter(sender => sender.targeted)
    .map(sender => ({ sender, figures: figuresOf(sender.ring, end) }))
  const replicas = told.filter(({ sender }) => sender.kind === 'replica')
  const edges = told.filter(({ sender }) => sender.kind === 'edge')
  const replicaFolds = foldsOf(endpoint.replicas, end)
  const edgeFolds = foldsOf(endpoint.edges, end)
  const stalenessMs = staleness(replicas, now)
  const windows = spans.map((span): [string, EndpointWindow] => [
    String(span),
    {
      seconds: end - firstOf(span, end) + 1,
      replicas: withEnds(folded(replicaFolds, span), replicas, span),
      edges: withEnds(folded(edgeFolds, span), edges, span),
      over: spreads(replicas, span),
      ...coverage(replicas, span, end),
      stalenessMs,
    },
  ])
  return {
    v: 1,
    endpoint: endpoint.name,
    at: (end + 1) * 1000,
    windows: Object.fromEntries(windows),
    replicas: replicas.flatMap(one => rowOf(one, now)),
    folds: endpoint.arms.byRevision(),
    offeredPerSecond: offeredPerSecond(endpoint, end),
    causes: endpoint.causes.list(end),
    epoch: endpoint.epoch,
    warm,
  }
}

export function replicaWindows(endpoint: Endpoint, sender: Sender, now: number): ReplicaWindows {
  const end = endpoint.newestSecond(now)
  const told = [{ sender, figures: figuresOf(sender.ring, end) }]
  const folds = foldsOf(sender.ring, end)
  const windows = spans.map(span => [String(span), withEnds(folded(folds, span), told, span)])
  return {
    v: 1,
    endpoint: endpoint.name,
    replica: sender.replica,
    at: (end + 1) * 1000,
    windows: Object.fromEntries(windows) as Record<string, Window>,
  }
}

function foldsOf(ring: Ring, end: number): BySpan<Window> {
  const folder = new Folder()
  const out = new Map<Span, Window>()
  ring.read(end, folder, span => out.set(span, folder.window()))
  return out
}

function figuresOf(ring: Ring, end: number): BySpan<Figures> {
  const figures = new Figures()
  const out = new Map<Span, Figures>()
  ring.read(end, figures, span => out.set(span, figures.copy()))
  return out
}

function folded(folds: BySpan<Window>, span: Span): Window {
  return folds.get(span) ?? new Folder().window()
}

/** How many there were together at the end: what each sender said last, not the sum over seconds. */
function withEnds(window: Window, told: readonly Told[], span: Span): Window {
  const last = told.map(({ figures }) => figures.get(span)?.latest ?? null)
  const sum = (of: 'inFlight' | 'queued'): number =>
    last.reduce((total, latest) => total + (latest?.[of] ?? 0), 0)
  return {
    ...window,
    inFlight: { ...window.inFlight, end: sum('inFlight') },
    queued: { ...window.queued, end: sum('queued') },
  }
}

function spreads(replicas: readonly Told[], span: Span): EndpointWindow['over'] {
  const heard = replicas.flatMap(({ figures }) => {
    const one = figures.get(span)
    return one === undefined || one.samples === 0 ? [] : [one]
  })
  return {
    inFlight: spreadOf(heard.map(one => one.inFlightMilli())),
    queued: spreadOf(heard.map(one => one.queuedMilli())),
    serviceUs: spreadOf(heard.flatMap(one => one.serviceUs() ?? [])),
    admittedMilli: spreadOf(heard.map(one => one.admittedMilli())),
  }
}

function coverage(
  replicas: readonly Told[],
  span: Span,
  end: number,
): Pick<EndpointWindow, 'coverage' | 'expected' | 'reporting'> {
  const from = firstOf(span, end)
  let wanted = 0
  let seen = 0
  let expected = 0
  let reporting = 0
  for (const { sender, figures } of replicas) {
    if (sender.expectedSince === null) continue
    const samples = figures.get(span)?.samples ?? 0
    const seconds = Math.max(0, end + 1 - Math.max(from, sender.expectedSince))
    expected++
    if (samples > 0) reporting++
    wanted += seconds
    seen += Math.min(samples, seconds)
  }
  return { coverage: wanted === 0 ? 1000 : Math.round((seen * 1000) / wanted), expected, reporting }
}

function staleness(replicas: readonly Told[], now: number): number {
  const silent = replicas.flatMap(({ sender }) => {
    if (sender.expectedSince === null) return []
    return [now - (sender.heardUntil() ?? sender.expectedSince * 1000)]
  })
  return Math.max(0, ...silent)
}

/** Nothing for a replica that was never heard of. */
function rowOf({ sender, figures }: Told, now: number): ReplicaRow[] {
  const { newest } = sender
  const heard = sender.heardUntil()
  if (newest === null || heard === null) return []
  const one = figures.get(20) ?? new Figures()
  return [
    {
      replica: sender.replica,
      revision: newest.revision,
      ageMs: Math.max(0, now - heard),
      inFlightMilli: one.inFlightMilli(),
      queuedMilli: one.queuedMilli(),
      offered: one.offered,
      ok: one.ok,
      server: one.server,
      serviceUs: one.serviceUs(),
      cpuPermille: one.cpuPermille(),
      effective: newest.limit.effective,
      order: newest.limit.order,
      ...(newest.direct === undefined ? {} : { direct: newest.direct }),
    },
  ]
}

/** From the first second known, at most the last 300; 0 where nobody reported. */
function offeredPerSecond({ offered }: Endpoint, end: number): number[] {
  let first = Infinity
  for (const position of offered.keys()) first = Math.min(first, position)
  const from = Math.max(first, end - 299)
  return from > end
    ? []
    : Array.from({ length: end - from + 1 }, (_, i) => offered.get(from + i) ?? 0)
}
