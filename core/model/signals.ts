import { seconds, type Signal } from './signal.ts'
import { clusterSignals } from './signals-cluster.ts'
import { sidecarSignals } from './signals-sidecar.ts'

export type { Signal } from './signal.ts'

/**
 * Every metric on a /metrics page, once: code, docs/metrics.md, dashboards and rules are tested against this.
 * Prometheus conventions: base units (seconds, bytes, ratios from 0 to 1), counters end in _total.
 */
export const signals = {
  sidecar: sidecarSignals,
  edge: {
    outrigger_edge_offered_requests_total: {
      kind: 'counter',
      help: 'Arrivals at the edge.',
      labels: ['endpoint', 'edge'],
    },
    outrigger_edge_requests_total: {
      kind: 'counter',
      help: 'Requests that ended at the edge, by outcome: ok, client_error, server_error, rejected, abandoned.',
      labels: ['endpoint', 'edge', 'outcome'],
    },
    outrigger_edge_rejected_requests_total: {
      kind: 'counter',
      help: 'Requests that the edge turned away, by reason.',
      labels: ['endpoint', 'edge', 'reason'],
    },
    outrigger_edge_requests_held: {
      kind: 'gauge',
      help: 'Requests that the edge holds now.',
      labels: ['endpoint', 'edge'],
    },
    outrigger_edge_requests_in_flight: {
      kind: 'gauge',
      help: 'Requests that the edge has given to replicas.',
      labels: ['endpoint', 'edge'],
    },
    outrigger_edge_wait_seconds: {
      kind: 'histogram',
      help: 'How long requests were held before a replica admitted them.',
      labels: ['endpoint', 'edge'],
      buckets: seconds,
    },
    outrigger_edge_attempts_total: {
      kind: 'counter',
      help: 'Tries at replicas, by result: admitted, full, failed.',
      labels: ['endpoint', 'edge', 'result'],
    },
    outrigger_edge_ready_replicas: {
      kind: 'gauge',
      help: 'Replicas that the edge may send to.',
      labels: ['endpoint', 'edge'],
    },
  },
  aggregator: {
    outrigger_aggregator_samples_total: {
      kind: 'counter',
      help: 'Samples taken in, by result: new, duplicate, late, nonsense.',
      labels: ['result'],
    },
    outrigger_aggregator_streams: {
      kind: 'gauge',
      help: 'Followed senders, by state: open, lost; one that starts or leaves is not lost.',
      labels: ['state'],
    },
    outrigger_aggregator_fold_seconds: {
      kind: 'histogram',
      help: 'Time to make all windows of one second.',
      labels: [],
      buckets: seconds,
    },
    outrigger_endpoint_coverage_ratio: {
      kind: 'gauge',
      help: 'Replica-seconds seen of those expected over 20 s.',
      labels: ['endpoint'],
    },
    outrigger_endpoint_staleness_seconds: {
      kind: 'gauge',
      help: 'Age of the newest sample of the replica silent longest.',
      labels: ['endpoint'],
    },
    outrigger_endpoint_offered_per_second: {
      kind: 'gauge',
      help: 'Arrivals per second over 20 s.',
      labels: ['endpoint'],
    },
    outrigger_endpoint_requests_present: {
      kind: 'gauge',
      help: 'Demand: requests in flight, queued and held, mean over 20 s.',
      labels: ['endpoint'],
    },
  },
  controller: {
    outrigger_decisions_total: {
      kind: 'counter',
      help: 'Decisions, by what (replicas, limit) and action.',
      labels: ['endpoint', 'what', 'action'],
    },
    outrigger_decision_reasons_total: {
      kind: 'counter',
      help: 'Reasons given in decisions.',
      labels: ['endpoint', 'what', 'reason'],
    },
    outrigger_replicas_desired: {
      kind: 'gauge',
      help: 'Replicas last decided.',
      labels: ['endpoint'],
    },
    outrigger_replicas_ready: {
      kind: 'gauge',
      help: 'Replicas that are ready.',
      labels: ['endpoint'],
    },
    outrigger_replicas_proposed: {
      kind: 'gauge',
      help: 'What each rule last proposed.',
      labels: ['endpoint', 'rule'],
    },
    outrigger_limit_decided: {
      kind: 'gauge',
      help: 'Limit last decided.',
      labels: ['endpoint', 'revision'],
    },
    outrigger_tick_seconds: {
      kind: 'histogram',
      help: 'Time of one tick: observe, decide, record, publish.',
      labels: [],
      buckets: seconds,
    },
    outrigger_log_append_seconds: {
      kind: 'histogram',
      help: 'Time of one append with fsync.',
      labels: [],
      buckets: seconds,
    },
    outrigger_log_records_total: {
      kind: 'counter',
      help: 'Records written, by kind.',
      labels: ['kind'],
    },
    outrigger_log_bytes: { kind: 'gauge', help: 'Bytes of the decision log on disk.', labels: [] },
    outrigger_acting: {
      kind: 'gauge',
      help: '1 while decisions are acted on; 0 after the log failed.',
      labels: [],
    },
    outrigger_actuations_total: {
      kind: 'counter',
      help: 'What was asked of the platform and the sidecars, by result: done, failed, superseded.',
      labels: ['endpoint', 'what', 'result'],
    },
    outrigger_window_age_seconds: {
      kind: 'gauge',
      help: 'Age of the newest window from the aggregator.',
      labels: ['endpoint'],
    },
  },
  cluster: clusterSignals,
} as const satisfies Record<string, Record<string, Signal>>

export type SignalComponent = keyof typeof signals
export type SignalName<C extends SignalComponent> = keyof (typeof signals)[C] & string

/** Attributes of spans, log-based events and resources that are our own; the rest is OpenTelemetry's. */
export const attributes = {
  endpoint: 'outrigger.endpoint',
  revision: 'outrigger.revision',
  replica: 'outrigger.replica',
  limit: 'outrigger.limit',
  queueTimeUs: 'outrigger.queue_time_us',
  serviceTimeUs: 'outrigger.service_time_us',
  reason: 'outrigger.reason',
  decision: 'outrigger.decision.id',
  what: 'outrigger.decision.what',
  action: 'outrigger.decision.action',
  from: 'outrigger.decision.from',
  to: 'outrigger.decision.to',
  reasons: 'outrigger.decision.reasons',
  sentence: 'outrigger.decision.sentence',
} as const
/** eventName of the log-based event that carries a decision. */
export const DECISION_EVENT = 'outrigger.decision'
