import { rejectReasons, type Sample } from '../core/model/sample.ts'
import type { SignalName } from '../core/model/signals.ts'

/** A value of a sidecar's signal: name, labels beside endpoint, replica and revision, value. */
export type Row = readonly [
  name: SignalName<'sidecar'>,
  labels: Record<string, string>,
  value: number,
]

/** What one replica's sidecar shows on its own /metrics, as far as samples tell: counters summed here. */
export class Totals {
  readonly endpoint: string
  readonly replica: string
  readonly revision: string
  private newest: Sample
  private readonly outcomes = { ok: 0, client_error: 0, server_error: 0, abandoned: 0 }
  private readonly rejected: Record<string, number> = {}
  private offered = 0
  private attempts = 0
  private cpuUs: number | null = null
  private selfCpuUs = 0

  constructor(sample: Sample) {
    this.endpoint = sample.endpoint
    this.replica = sample.replica
    this.revision = sample.revision
    this.newest = sample
  }

  add(s: Sample): void {
    if (s.start >= this.newest.start) this.newest = s
    this.outcomes.ok += s.completed.ok
    this.outcomes.client_error += s.completed.client
    this.outcomes.server_error += s.completed.server
    this.outcomes.abandoned += s.abandoned
    // Only reasons that are known: each is a label.
    for (const reason of rejectReasons) {
      this.rejected[reason] = (this.rejected[reason] ?? 0) + s.rejected[reason]
    }
    this.offered += s.offered
    this.attempts += s.attempts
    if (s.cpu !== null) this.cpuUs = (this.cpuUs ?? 0) + s.cpu.us
    this.selfCpuUs += s.self.cpuUs
  }

  rows(): Row[] {
    const { newest } = this
    return [
      ...Object.entries(this.outcomes).map(([outcome, count]): Row => [
        'outrigger_requests_total',
        { outcome },
        count,
      ]),
      ...Object.entries(this.rejected).map(([reason, count]): Row => [
        'outrigger_rejected_requests_total',
        { reason },
        count,
      ]),
      ['outrigger_offered_requests_total', {}, this.offered],
      ['outrigger_attempts_total', {}, this.attempts],
      ['outrigger_requests_in_flight', {}, newest.inFlight.end],
      ['outrigger_requests_queued', {}, newest.queued.end],
      ['outrigger_limit', {}, newest.limit.effective],
      ['outrigger_learned_limit', {}, newest.limit.learned],
      ['outrigger_limit_guard_active', {}, newest.limit.guard ? 1 : 0],
      ...known('outrigger_model_cpu_seconds_total', {}, this.cpuUs, 1e6),
      ...known('outrigger_model_memory_bytes', {}, newest.memory?.bytes, 1),
      ...known('outrigger_model_gpu_ratio', {}, newest.gpu?.util, 1000),
      ...known('outrigger_model_gpu_memory_bytes', {}, newest.gpu?.memoryBytes, 1),
      ...known('outrigger_model_gpu_memory_limit_bytes', {}, newest.gpu?.memoryLimit, 1),
      ...engineRows(newest),
      ...known('outrigger_direct_connections', {}, newest.direct, 1),
      ['outrigger_sidecar_cpu_seconds_total', {}, this.selfCpuUs / 1e6],
      ['outrigger_sidecar_memory_bytes', {}, newest.self.rss],
    ]
  }
}

function engineRows({ engine }: Sample): Row[] {
  if (engine === null) return []
  const labels = { engine: engine.kind }
  return [
    ...known('outrigger_engine_running', labels, engine.running, 1),
    ...known('outrigger_engine_waiting', labels, engine.waiting, 1),
    ...known('outrigger_engine_kv_ratio', labels, engine.kv, 1000),
  ]
}

/** Nothing for what is not measured. */
function known(
  name: SignalName<'sidecar'>,
  labels: Record<string, string>,
  value: number | null | undefined,
  unit: number,
): Row[] {
  return value === null || value === undefined ? [] : [[name, labels, value / unit]]
}
