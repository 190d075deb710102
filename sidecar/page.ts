import type { Sample } from '../core/model/sample.ts'
import { metricsPage, type MetricsPage, type Writer } from '../core/runtime/metrics.ts'
import type { Admission } from './admit/admission.ts'
import type { Gate } from './gate.ts'
import type { Orders } from './orders.ts'

/** The /metrics page: totals of the samples, and what is true now. */
export interface Page {
  add(sample: Sample): void
  /** How many connections are open, by side; asked when the page is. */
  watch(open: () => Connections): void
  page: MetricsPage
}

type Connections = Record<'client' | 'model', number>

interface Sources {
  labels: { endpoint: string; replica: string; revision: string }
  admission: Admission
  gate: Gate
  orders: Orders
  dropped: () => number
}

export function page({ labels, admission, gate, orders, dropped }: Sources): Page {
  const totals = { offered: 0, attempts: 0, cpuUs: 0, selfUs: 0 }
  const outcomes = { ok: 0, client_error: 0, server_error: 0, abandoned: 0 }
  const rejected: Record<string, number> = {}
  let last: Sample | null = null
  let connections: () => Connections = () => ({ client: 0, model: 0 })
  return {
    watch: open => void (connections = open),
    add(sample) {
      last = sample
      totals.offered += sample.offered
      totals.attempts += sample.attempts
      totals.cpuUs += sample.cpu?.us ?? 0
      totals.selfUs += sample.self.cpuUs
      outcomes.ok += sample.completed.ok
      outcomes.client_error += sample.completed.client
      outcomes.server_error += sample.completed.server
      outcomes.abandoned += sample.abandoned
      for (const [reason, count] of Object.entries(sample.rejected)) {
        rejected[reason] = (rejected[reason] ?? 0) + count
      }
    },
    page: metricsPage('sidecar', write => {
      const { state } = admission
      for (const [outcome, count] of Object.entries(outcomes)) {
        write.set('outrigger_requests_total', { ...labels, outcome }, count)
      }
      for (const [reason, count] of Object.entries(rejected)) {
        write.set('outrigger_rejected_requests_total', { ...labels, reason }, count)
      }
      for (const [result, count] of orders.counts()) {
        write.set('outrigger_orders_total', { ...labels, result }, count)
      }
      write.set('outrigger_offered_requests_total', labels, totals.offered)
      write.set('outrigger_attempts_total', labels, totals.attempts)
      write.set('outrigger_requests_in_flight', labels, admission.inFlight)
      write.set('outrigger_requests_queued', labels, admission.queued)
      for (const [side, count] of Object.entries(connections())) {
        write.set('outrigger_connections', { ...labels, side }, count)
      }
      write.set('outrigger_limit', labels, state.effective)
      write.set('outrigger_learned_limit', labels, state.learned)
      write.set('outrigger_limit_guard_active', labels, state.guard ? 1 : 0)
      write.histogram('outrigger_service_seconds', labels, gate.service.value())
      write.histogram('outrigger_queue_wait_seconds', labels, gate.wait.value())
      write.set('outrigger_sidecar_cpu_seconds_total', labels, totals.selfUs / 1e6)
      write.set('outrigger_spans_dropped_total', labels, dropped())
      if (last === null) return
      write.set('outrigger_sidecar_memory_bytes', labels, last.self.rss)
      const { cpu, memory, gpu, engine, direct } = last
      if (direct !== undefined) write.set('outrigger_direct_connections', labels, direct)
      if (cpu !== null) write.set('outrigger_model_cpu_seconds_total', labels, totals.cpuUs / 1e6)
      if (memory !== null) write.set('outrigger_model_memory_bytes', labels, memory.bytes)
      if (gpu !== null) writeGpu(write, labels, gpu)
      if (engine === null) return
      const of = { ...labels, engine: engine.kind }
      if (engine.running !== null) write.set('outrigger_engine_running', of, engine.running)
      if (engine.waiting !== null) write.set('outrigger_engine_waiting', of, engine.waiting)
      if (engine.kv !== null) write.set('outrigger_engine_kv_ratio', of, engine.kv / 1000)
    }),
  }
}

function writeGpu(
  write: Writer<'sidecar'>,
  labels: Sources['labels'],
  { util, memoryBytes, memoryLimit }: NonNullable<Sample['gpu']>,
): void {
  write.set('outrigger_model_gpu_ratio', labels, util / 1000)
  write.set('outrigger_model_gpu_memory_bytes', labels, memoryBytes)
  if (memoryLimit !== null) write.set('outrigger_model_gpu_memory_limit_bytes', labels, memoryLimit)
}
