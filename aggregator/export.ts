import type { Histogram, Meter, Observable } from '@opentelemetry/api'
import type { Distribution } from '../core/model/distribution.ts'
import { middle } from '../core/model/histogram.ts'
import type { Sample } from '../core/model/sample.ts'
import { signals, type Signal } from '../core/model/signals.ts'
import type { Targets } from '../core/model/tables.ts'
import type { Figure } from './page.ts'
import { Totals } from './totals.ts'

export interface SidecarMetrics {
  /** A sample that was not seen before. */
  add(sample: Sample): void
  /** Forgets replicas that are no targets any more. */
  keep(targets: Targets['targets']): void
}

/**
 * The sidecars' metrics over OTLP, by the names of their /metrics pages: a sidecar has no metrics SDK, for
 * its memory. Counters begin with the first sample after a start of the aggregator. Not among them are
 * the two that samples do not carry: orders and dropped spans.
 */
export function exportSidecarMetrics(meter: Meter): SidecarMetrics {
  const byReplica = new Map<string, Totals>()
  const service = durations(meter, 'outrigger_service_seconds')
  const wait = durations(meter, 'outrigger_queue_wait_seconds')
  const instruments = observables(meter, signals.sidecar)
  meter.addBatchObservableCallback(
    result => {
      for (const totals of byReplica.values()) {
        const labels = labelsOf(totals)
        for (const [name, more, value] of totals.rows()) {
          const instrument = instruments.get(name)
          if (instrument !== undefined) result.observe(instrument, value, { ...labels, ...more })
        }
      }
    },
    [...instruments.values()],
  )
  return {
    add(sample) {
      if (sample.kind !== 'replica') return
      const key = `${sample.endpoint} ${sample.replica}`
      const known = byReplica.get(key)
      const totals = known?.revision === sample.revision ? known : new Totals(sample)
      byReplica.set(key, totals)
      totals.add(sample)
      record(service, sample.service, labelsOf(totals))
      record(wait, sample.wait, labelsOf(totals))
    },
    keep(targets) {
      const named = new Set(targets.map(({ endpoint, replica }) => `${endpoint} ${replica}`))
      for (const key of byReplica.keys()) if (!named.has(key)) byReplica.delete(key)
    },
  }
}

/** The aggregator's own figures, as on its /metrics page. */
export function exportOwnMetrics(meter: Meter, figures: () => Figure[]): void {
  const instruments = observables(meter, signals.aggregator)
  meter.addBatchObservableCallback(
    result => {
      for (const [name, labels, value] of figures()) {
        const instrument = instruments.get(name)
        if (instrument !== undefined) result.observe(instrument, value, labels)
      }
    },
    [...instruments.values()],
  )
}

function observables(meter: Meter, table: Record<string, Signal>): Map<string, Observable> {
  const out = new Map<string, Observable>()
  for (const [name, { kind, help }] of Object.entries(table)) {
    const options = { description: help, unit: unitOf(name) }
    if (kind === 'counter') out.set(name, meter.createObservableCounter(name, options))
    if (kind === 'gauge') out.set(name, meter.createObservableGauge(name, options))
  }
  return out
}

function unitOf(name: string): string {
  if (name.includes('seconds')) return 's'
  return name.includes('bytes') ? 'By' : '1'
}

function durations(
  meter: Meter,
  name: 'outrigger_service_seconds' | 'outrigger_queue_wait_seconds',
): Histogram {
  const { help, buckets } = signals.sidecar[name]
  const advice = { explicitBucketBoundaries: [...buckets] }
  return meter.createHistogram(name, { description: help, unit: 's', advice })
}

/** Each value as its bucket's middle: within 3.2 % of what was measured. */
function record(into: Histogram, from: Distribution, labels: Record<string, string>): void {
  const { histogram } = from
  for (let i = 0; i < histogram.length; i += 2) {
    const seconds = middle(histogram[i] ?? 0) / 1e6
    for (let n = histogram[i + 1] ?? 0; n > 0; n--) into.record(seconds, labels)
  }
}

function labelsOf({ endpoint, replica, revision }: Totals): Record<string, string> {
  return { endpoint, replica, revision }
}
