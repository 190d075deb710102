import { signals } from '../../../core/model/signals.ts'

/** What the webhook has done since it started, as plain numbers for whoever shows them. */
export interface WebhookNumbers {
  injected: number
  already: number
  skipped: Record<string, number>
  /** Let pass uninjected because our own code failed. */
  failed: number
  /** Requests for another thing than a pod that is made. */
  other: number
  /** Changes of replicas seen. */
  scaled: number
  /** Requests refused, by HTTP status: none of them came from an API server that works. */
  refused: Record<string, number>
  /** Handshakes that failed: most often an API server that has another caBundle. */
  handshakes: number
  /** Seconds that admission took: how often at most `seconds`, as Prometheus counts. */
  took: { buckets: { seconds: number; count: number }[]; sum: number; count: number }
}

const BUCKETS = signals.cluster.outrigger_webhook_seconds.buckets
/** Reasons are a table, but a map that grows with what comes from outside has an end. */
const MOST_NAMES = 100

export class WebhookFigures {
  private readonly counts = { injected: 0, already: 0, failed: 0, other: 0, scaled: 0 }
  private readonly skips = new Map<string, number>()
  private readonly refusals = new Map<string, number>()
  private readonly within = BUCKETS.map(() => 0)
  private sum = 0
  private total = 0
  private handshakes = 0

  count(what: keyof WebhookFigures['counts']): void {
    this.counts[what]++
  }

  skipped(reasons: readonly string[]): void {
    for (const reason of reasons) add(this.skips, reason)
  }

  refused(status: number): void {
    add(this.refusals, `${status}`)
  }

  handshakeFailed(): void {
    this.handshakes++
  }

  took(seconds: number): void {
    this.sum += seconds
    this.total++
    for (const [i, bound] of BUCKETS.entries()) {
      if (seconds <= bound) this.within[i] = (this.within[i] ?? 0) + 1
    }
  }

  numbers(): WebhookNumbers {
    return {
      ...this.counts,
      skipped: Object.fromEntries(this.skips),
      refused: Object.fromEntries(this.refusals),
      handshakes: this.handshakes,
      took: {
        buckets: BUCKETS.map((seconds, i) => ({ seconds, count: this.within[i] ?? 0 })),
        sum: this.sum,
        count: this.total,
      },
    }
  }
}

function add(counts: Map<string, number>, name: string): void {
  const key = counts.has(name) || counts.size < MOST_NAMES ? name : 'other'
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
