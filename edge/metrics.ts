import { metricsPage, type MetricsPage } from '../core/runtime/metrics.ts'
import type { Second } from './room.ts'

/** /metrics, from the counts of the last whole second. */
export function edgeMetrics(edge: string, latest: () => Second['totals']): MetricsPage {
  return metricsPage('edge', writer => {
    for (const [endpoint, counts] of Object.entries(latest())) {
      const labels = { endpoint, edge }
      const { completed, rejected } = counts
      const allRejected = Object.values(rejected).reduce((sum, count) => sum + count, 0)
      const outcomes = {
        ok: completed.ok,
        client_error: completed.client,
        server_error: completed.server,
        rejected: allRejected,
        abandoned: counts.abandoned,
      }
      writer.set('outrigger_edge_offered_requests_total', labels, counts.offered)
      for (const [outcome, value] of Object.entries(outcomes))
        writer.set('outrigger_edge_requests_total', { ...labels, outcome }, value)
      for (const [reason, value] of Object.entries(rejected))
        writer.set('outrigger_edge_rejected_requests_total', { ...labels, reason }, value)
      const { admitted, full, failed } = counts
      for (const [result, value] of Object.entries({ admitted, full, failed }))
        writer.set('outrigger_edge_attempts_total', { ...labels, result }, value)
      writer.set('outrigger_edge_requests_held', labels, counts.held)
      writer.set('outrigger_edge_requests_in_flight', labels, counts.inFlight)
      writer.set('outrigger_edge_ready_replicas', labels, counts.ready)
      writer.histogram('outrigger_edge_wait_seconds', labels, counts.wait)
    }
  })
}
