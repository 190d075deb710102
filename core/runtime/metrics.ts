import type { Counter, Gauge, Metric, Registry } from 'prom-client'
import { signals, type Signal, type SignalComponent, type SignalName } from '../model/signals.ts'

/**
 * A component's /metrics page, made from the table of signals. Values are read on scrape: `collect` is
 * called then with a writer, so nothing on a request's path touches a label.
 */
export interface HistogramValue {
  /** Counts not above each of the table's bounds (cumulative), the count of all, and the sum in the metric's unit. */
  cumulative: readonly number[]
  count: number
  sum: number
}

export interface MetricsPage {
  type: string
  text(): Promise<string>
}

type Labels = Readonly<Record<string, string>>
export interface Writer<C extends SignalComponent> {
  set(name: SignalName<C>, labels: Labels, value: number): void
  histogram(name: SignalName<C>, labels: Labels, value: HistogramValue): void
}

export function metricsPage<C extends SignalComponent>(
  component: C,
  collect: (writer: Writer<C>) => void,
  load = prometheus,
): MetricsPage {
  // Loaded when somebody asks: it is a third of a sidecar's start.
  let making: Promise<Made<C>> | null = null
  return {
    type: PAGE_TYPE,
    async text() {
      making ??= made(component, load)
      const { registry, writer } = await making.catch((error: unknown) => {
        // No descriptor was left, say: the next who asks may have more luck.
        making = null
        throw error
      })
      registry.resetMetrics()
      collect(writer)
      return registry.metrics()
    },
  }
}

/** What prom-client calls the format that it writes. */
const PAGE_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const prometheus = () => import('prom-client')

interface Made<C extends SignalComponent> {
  registry: Registry
  writer: Writer<C>
}

async function made<C extends SignalComponent>(
  component: C,
  load: typeof prometheus,
): Promise<Made<C>> {
  const prom = await load()
  const registry = new prom.Registry()
  const metrics = new Map<string, Counter | Gauge | Snapshot>()
  for (const [name, signal] of Object.entries<Signal>(signals[component])) {
    const shared = {
      name,
      help: signal.help,
      labelNames: [...signal.labels],
      registers: [registry],
    }
    if (signal.kind === 'histogram') {
      const snapshot = new Snapshot(name, signal.help, signal.buckets ?? [])
      metrics.set(name, snapshot)
      registry.registerMetric(snapshot as unknown as Metric)
    } else {
      metrics.set(
        name,
        signal.kind === 'counter' ? new prom.Counter(shared) : new prom.Gauge(shared),
      )
    }
  }
  const writer: Writer<C> = {
    set(name, labels, value) {
      const metric = metrics.get(name)
      if (metric instanceof prom.Counter) metric.inc(labels, value)
      else if (metric instanceof prom.Gauge) metric.set(labels, value)
    },
    histogram(name, labels, value) {
      const metric = metrics.get(name)
      if (metric instanceof Snapshot) metric.rows.push({ labels, value })
    },
  }
  return { registry, writer }
}

/** Pages that have no signal in common, as one. */
export function joined(first: MetricsPage, second: MetricsPage): MetricsPage {
  return {
    type: first.type,
    text: async () => (await Promise.all([first.text(), second.text()])).join(''),
  }
}

/** A histogram whose counts are kept elsewhere and shown as they are: prom-client's own would count again. */
class Snapshot {
  rows: { labels: Labels; value: HistogramValue }[] = []
  readonly name: string
  private readonly help: string
  private readonly bounds: readonly number[]

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name
    this.help = help
    this.bounds = bounds
  }

  reset(): void {
    this.rows = []
  }

  get(): unknown {
    const values = this.rows.flatMap(({ labels, value }) => [
      ...this.bounds.map((le, i) =>
        this.bucket({ ...labels, le: String(le) }, value.cumulative[i] ?? 0),
      ),
      this.bucket({ ...labels, le: '+Inf' }, value.count),
      { labels, value: value.sum, metricName: `${this.name}_sum` },
      { labels, value: value.count, metricName: `${this.name}_count` },
    ])
    return { name: this.name, help: this.help, type: 'histogram', values, aggregator: 'sum' }
  }

  private bucket(labels: Labels, value: number): unknown {
    return { labels, value, metricName: `${this.name}_bucket` }
  }
}

/** Counts durations against fixed bounds; us in, seconds out. For `histogram` above. */
export class SecondsHistogram {
  private readonly counts: number[]
  private readonly boundsUs: readonly number[]
  private count = 0
  private sumUs = 0

  constructor(bounds: readonly number[]) {
    this.boundsUs = bounds.map(bound => bound * 1e6)
    this.counts = bounds.map(() => 0)
  }

  add(us: number): void {
    this.count++
    this.sumUs += us
    // Bounds are few and most durations small: a scan from the left beats a search.
    for (let i = 0; i < this.boundsUs.length; i++) {
      if (us <= (this.boundsUs[i] ?? 0)) {
        this.counts[i] = (this.counts[i] ?? 0) + 1
        return
      }
    }
  }

  value(): HistogramValue {
    let total = 0
    return {
      cumulative: this.counts.map(count => (total += count)),
      count: this.count,
      sum: this.sumUs / 1e6,
    }
  }
}
