import type { EndpointWindows } from '../core/model/windows.ts'
import type { SignalName } from '../core/model/signals.ts'
import { metricsPage, type MetricsPage } from '../core/runtime/metrics.ts'
import type { Board } from './board.ts'
import type { Streams } from './follow.ts'
import type { Store } from './store/store.ts'

export interface FiguresDesk {
  board: Board
  store: Store
  streams: Streams
}

/** A value of one of the aggregator's own signals. */
export type Figure = readonly [
  name: SignalName<'aggregator'>,
  labels: Record<string, string>,
  value: number,
]

/** The aggregator's own /metrics. */
export function pageOf(desk: FiguresDesk): MetricsPage {
  return metricsPage('aggregator', writer => {
    for (const [name, labels, value] of figuresOf(desk)) writer.set(name, labels, value)
    writer.histogram('outrigger_aggregator_fold_seconds', {}, desk.board.foldSeconds.value())
  })
}

/** All but the histogram, for the page and for OTLP. */
export function figuresOf({ board, store, streams }: FiguresDesk): Figure[] {
  return [
    ...Object.entries(store.taken).map(([result, count]): Figure => [
      'outrigger_aggregator_samples_total',
      { result },
      count,
    ]),
    ...Object.entries(streams.counts()).map(([state, count]): Figure => [
      'outrigger_aggregator_streams',
      { state },
      count,
    ]),
    ...board.all().flatMap(ofEndpoint),
  ]
}

function ofEndpoint({ endpoint, windows }: EndpointWindows): Figure[] {
  const twenty = windows['20']
  if (twenty === undefined) return []
  const { replicas, edges, over, seconds } = twenty
  const present =
    (over.inFlight.sum + over.queued.sum) / 1000 + edges.queued.integral / (seconds * 1e6)
  const labels = { endpoint }
  return [
    ['outrigger_endpoint_coverage_ratio', labels, twenty.coverage / 1000],
    ['outrigger_endpoint_staleness_seconds', labels, twenty.stalenessMs / 1000],
    ['outrigger_endpoint_offered_per_second', labels, (replicas.offered + edges.offered) / seconds],
    ['outrigger_endpoint_requests_present', labels, present],
  ]
}
