import { seconds, type Signal } from './signal.ts'

const replica = ['endpoint', 'replica', 'revision'] as const

/** Of each sidecar. */
export const sidecarSignals = {
  outrigger_requests_total: {
    kind: 'counter',
    help: 'Requests that ended, by outcome: ok, client_error, server_error, abandoned.',
    labels: [...replica, 'outcome'],
  },
  outrigger_offered_requests_total: {
    kind: 'counter',
    help: 'Arrivals that first met us here (attempts of edges are not among them).',
    labels: replica,
  },
  outrigger_attempts_total: {
    kind: 'counter',
    help: 'Tries of edges at this replica.',
    labels: replica,
  },
  outrigger_rejected_requests_total: {
    kind: 'counter',
    help: 'Requests turned away before the model, by reason.',
    labels: [...replica, 'reason'],
  },
  outrigger_requests_in_flight: {
    kind: 'gauge',
    help: 'Requests that the model holds now.',
    labels: replica,
  },
  outrigger_requests_queued: {
    kind: 'gauge',
    help: 'Requests that wait in the queue of the sidecar now.',
    labels: replica,
  },
  outrigger_connections: {
    kind: 'gauge',
    help: 'Connections that are open, by side: client, model (kept ones too).',
    labels: [...replica, 'side'],
  },
  outrigger_limit: {
    kind: 'gauge',
    help: 'Effective limit: requests that may be in flight now.',
    labels: replica,
  },
  outrigger_learned_limit: {
    kind: 'gauge',
    help: 'Limit of the order in force.',
    labels: replica,
  },
  outrigger_limit_guard_active: {
    kind: 'gauge',
    help: '1 while the fast guard holds the limit down.',
    labels: replica,
  },
  outrigger_service_seconds: {
    kind: 'histogram',
    help: 'Service time of successes: first byte to the model until its last byte.',
    labels: replica,
    buckets: seconds,
  },
  outrigger_queue_wait_seconds: {
    kind: 'histogram',
    help: 'Wait of admitted requests in the queue of the sidecar.',
    labels: replica,
    buckets: seconds,
  },
  outrigger_orders_total: {
    kind: 'counter',
    help: 'Orders received, by result: taken, or why refused.',
    labels: [...replica, 'result'],
  },
  outrigger_model_cpu_seconds_total: {
    kind: 'counter',
    help: 'CPU time of the process tree of the model.',
    labels: replica,
  },
  outrigger_model_memory_bytes: {
    kind: 'gauge',
    help: 'Memory of the process tree of the model.',
    labels: replica,
  },
  outrigger_model_gpu_ratio: { kind: 'gauge', help: 'GPU use, 0 to 1.', labels: replica },
  outrigger_model_gpu_memory_bytes: {
    kind: 'gauge',
    help: 'GPU memory in use.',
    labels: replica,
  },
  outrigger_model_gpu_memory_limit_bytes: { kind: 'gauge', help: 'GPU memory.', labels: replica },
  outrigger_engine_running: {
    kind: 'gauge',
    help: 'Requests that the engine runs, by its own metrics.',
    labels: [...replica, 'engine'],
  },
  outrigger_engine_waiting: {
    kind: 'gauge',
    help: 'Requests that wait in the engine, by its own metrics.',
    labels: [...replica, 'engine'],
  },
  outrigger_engine_kv_ratio: {
    kind: 'gauge',
    help: 'KV cache use, 0 to 1.',
    labels: [...replica, 'engine'],
  },
  outrigger_direct_connections: {
    kind: 'gauge',
    help: 'Connections to the model that come past the sidecar; in pods only.',
    labels: replica,
  },
  outrigger_sidecar_cpu_seconds_total: {
    kind: 'counter',
    help: 'CPU time of the sidecar itself.',
    labels: replica,
  },
  outrigger_sidecar_memory_bytes: {
    kind: 'gauge',
    help: 'Resident memory of the sidecar itself.',
    labels: replica,
  },
  outrigger_spans_dropped_total: {
    kind: 'counter',
    help: 'Spans not exported because the back end was slow or away.',
    labels: replica,
  },
} as const satisfies Record<string, Signal>
