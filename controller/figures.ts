import { signals } from '../core/model/signals.ts'
import { metricsPage, SecondsHistogram, type MetricsPage } from '../core/runtime/metrics.ts'
import type { Notes } from './act/notes.ts'
import type { Published } from './tick.ts'
import type { EndpointView } from './view.ts'

const results = ['done', 'failed', 'superseded'] as const

/** What the controller counts of itself. */
export class Figures {
  readonly tick = new SecondsHistogram(signals.controller.outrigger_tick_seconds.buckets)
  readonly append = new SecondsHistogram(signals.controller.outrigger_log_append_seconds.buckets)
  logBytes = 0
  private readonly counts = new Map<
    string,
    { name: CounterName; labels: Record<string, string>; value: number }
  >()
  private readonly proposed = new Map<string, Record<string, number>>()

  count(name: CounterName, labels: Record<string, string>, by = 1): void {
    const key = `${name} ${JSON.stringify(labels)}`
    const known = this.counts.get(key)
    if (known === undefined) this.counts.set(key, { name, labels, value: by })
    else known.value += by
  }

  decided({ body }: Published): void {
    const { endpoint, what, outcome, reasons, proposals } = body
    this.count('outrigger_decisions_total', { endpoint, what, action: outcome.action })
    for (const reason of new Set(reasons.map(({ code }) => code))) {
      this.count('outrigger_decision_reasons_total', { endpoint, what, reason })
    }
    // Known from the first decision on, so that a first failure is seen as an increase.
    for (const result of results) {
      this.count('outrigger_actuations_total', { endpoint, what, result }, 0)
    }
    if (what !== 'replicas') return
    this.proposed.set(
      endpoint,
      Object.fromEntries(proposals.map(({ rule, wants }) => [rule, wants])),
    )
  }

  /** Forgets endpoints that are gone. */
  keep(endpoints: ReadonlySet<string>): void {
    for (const [key, { labels }] of this.counts) {
      const { endpoint } = labels
      if (endpoint !== undefined && !endpoints.has(endpoint)) this.counts.delete(key)
    }
    for (const name of this.proposed.keys()) if (!endpoints.has(name)) this.proposed.delete(name)
  }

  readonly actuated: Notes['counted'] = (endpoint, what, result) =>
    this.count('outrigger_actuations_total', { endpoint, what, result })

  page(now: () => { acting: boolean; endpoints: EndpointView[] }): MetricsPage {
    return metricsPage('controller', writer => {
      const { acting, endpoints } = now()
      for (const { name, labels, value } of this.counts.values()) writer.set(name, labels, value)
      writer.histogram('outrigger_tick_seconds', {}, this.tick.value())
      writer.histogram('outrigger_log_append_seconds', {}, this.append.value())
      writer.set('outrigger_log_bytes', {}, this.logBytes)
      writer.set('outrigger_acting', {}, acting ? 1 : 0)
      for (const { endpoint, revision, replicas, learned, windowAgeMs } of endpoints) {
        writer.set('outrigger_replicas_desired', { endpoint }, replicas.desired)
        writer.set('outrigger_replicas_ready', { endpoint }, replicas.ready)
        writer.set('outrigger_limit_decided', { endpoint, revision }, learned.limit)
        if (windowAgeMs !== null) {
          writer.set('outrigger_window_age_seconds', { endpoint }, windowAgeMs / 1000)
        }
        for (const [rule, wants] of Object.entries(this.proposed.get(endpoint) ?? {})) {
          writer.set('outrigger_replicas_proposed', { endpoint, rule }, wants)
        }
      }
    })
  }
}

type CounterName =
  | 'outrigger_decisions_total'
  | 'outrigger_decision_reasons_total'
  | 'outrigger_log_records_total'
  | 'outrigger_actuations_total'
