import {
  type DashboardBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { frame } from './frame.ts'
import { chart, type Panel } from './panel.ts'

/** One endpoint: its learned limit, its traffic, its replicas and what they use. */
const RATE = '[$__rate_interval]'
const IT = '{endpoint="$endpoint"}'

const quantiles = (metric: string, where: string) =>
  ['0.5', '0.95', '0.99'].map(q => ({
    expr: `histogram_quantile(${q}, sum by (le) (rate(${metric}_bucket${IT}${RATE})))`,
    legend: `${where}quantile ${q}`,
  }))

const limit: Panel[] = [
  {
    title: 'Limit of a replica',
    description:
      'Requests one replica may have in flight: what was decided, what the order in force names, and what is in effect. The last two differ while a probe compares two limits or the guard holds.',
    unit: 'short',
    queries: [
      { expr: `max by (revision) (outrigger_limit_decided${IT})`, legend: 'decided {{revision}}' },
      { expr: `max by (revision) (outrigger_learned_limit${IT})`, legend: 'in order {{revision}}' },
      { expr: `outrigger_limit${IT}`, legend: 'in effect {{replica}}' },
    ],
  },
  {
    title: 'In flight against the limit',
    description:
      'Requests that the models hold, and what the limits of all replicas allow together.',
    unit: 'short',
    queries: [
      { expr: `sum(outrigger_requests_in_flight${IT})`, legend: 'in flight' },
      { expr: `sum(outrigger_limit${IT})`, legend: 'limit' },
    ],
  },
  {
    title: 'Waiting',
    description: 'Requests that wait for a slot: held at edges, queued at sidecars.',
    unit: 'short',
    queries: [
      { expr: `sum(outrigger_edge_requests_held${IT})`, legend: 'held' },
      { expr: `sum(outrigger_requests_queued${IT})`, legend: 'queued' },
    ],
  },
  {
    title: 'Fast guard',
    description:
      'Replicas whose guard holds the limit down now. For long: the learned limit is too high.',
    unit: 'short',
    queries: [{ expr: `sum(outrigger_limit_guard_active${IT})`, legend: 'replicas under guard' }],
  },
]

const traffic: Panel[] = [
  {
    title: 'Requests',
    description: 'Arrivals counted once, and how requests at the model ended.',
    unit: 'reqps',
    queries: [
      {
        expr: `sum(rate(outrigger_edge_offered_requests_total${IT}${RATE}) or rate(outrigger_offered_requests_total${IT}${RATE}))`,
        legend: 'offered',
      },
      {
        expr: `sum by (outcome) (rate(outrigger_requests_total${IT}${RATE}))`,
        legend: '{{outcome}}',
      },
    ],
  },
  {
    title: 'Rejected by reason',
    description:
      'full and late: more than the queue may hold. no-replica: nothing was ready. At a sidecar, no-slot is an attempt of an edge that went elsewhere.',
    unit: 'reqps',
    queries: [
      {
        expr: `sum by (reason) (rate(outrigger_edge_rejected_requests_total${IT}${RATE}))`,
        legend: 'edge {{reason}}',
      },
      {
        expr: `sum by (reason) (rate(outrigger_rejected_requests_total${IT}${RATE}))`,
        legend: 'sidecar {{reason}}',
      },
    ],
  },
  {
    title: 'Service time',
    description: 'First byte to the model until its last byte, successes only.',
    unit: 's',
    queries: quantiles('outrigger_service_seconds', ''),
  },
  {
    title: 'Wait for a slot',
    description:
      'How long requests were held at edges, or queued at sidecars, before a replica admitted them.',
    unit: 's',
    queries: [
      ...quantiles('outrigger_edge_wait_seconds', 'edge '),
      ...quantiles('outrigger_queue_wait_seconds', 'sidecar '),
    ],
  },
]

const replicas: Panel[] = [
  {
    title: 'Replicas',
    description: 'Replicas last decided, those ready, and those that an edge may send to.',
    unit: 'short',
    queries: [
      { expr: `outrigger_replicas_desired${IT}`, legend: 'desired' },
      { expr: `outrigger_replicas_ready${IT}`, legend: 'ready' },
      { expr: `outrigger_edge_ready_replicas${IT}`, legend: 'ready at {{edge}}' },
    ],
  },
  {
    title: 'What each rule proposes',
    description:
      'The largest proposal wins, then bounds apply. A rule that proposes nothing is not shown.',
    unit: 'short',
    queries: [{ expr: `outrigger_replicas_proposed${IT}`, legend: '{{rule}}' }],
  },
  {
    title: 'Decisions',
    description: 'Decisions a minute, by what was decided and the action.',
    unit: 'short',
    queries: [
      {
        expr: `60 * sum by (what, action) (rate(outrigger_decisions_total${IT}${RATE}))`,
        legend: '{{what}} {{action}}',
      },
    ],
  },
  {
    title: 'Reasons given',
    description: 'Reasons in decisions, a minute. Each is explained in docs/reasons.md.',
    unit: 'short',
    queries: [
      {
        expr: `60 * sum by (what, reason) (rate(outrigger_decision_reasons_total${IT}${RATE}))`,
        legend: '{{what}} {{reason}}',
      },
    ],
  },
]

const use: Panel[] = [
  {
    title: 'CPU of the model',
    description: 'Cores that the process tree of each model uses.',
    unit: 'short',
    queries: [
      { expr: `rate(outrigger_model_cpu_seconds_total${IT}${RATE})`, legend: '{{replica}}' },
    ],
  },
  {
    title: 'Memory of the model',
    description: 'Memory of the process tree of each model.',
    unit: 'bytes',
    queries: [{ expr: `outrigger_model_memory_bytes${IT}`, legend: '{{replica}}' }],
  },
  {
    title: 'GPU use',
    description: 'Use of the GPU that the model runs on; empty where there is none.',
    unit: 'percentunit',
    queries: [{ expr: `outrigger_model_gpu_ratio${IT}`, legend: '{{replica}}' }],
  },
  {
    title: 'GPU memory',
    description: 'Memory in use on the GPU that the model runs on; empty where there is none.',
    unit: 'bytes',
    queries: [{ expr: `outrigger_model_gpu_memory_bytes${IT}`, legend: '{{replica}}' }],
  },
  {
    title: 'CPU of the sidecars',
    description: 'Cores that the sidecars themselves use: what Outrigger costs.',
    unit: 'short',
    queries: [
      { expr: `rate(outrigger_sidecar_cpu_seconds_total${IT}${RATE})`, legend: '{{replica}}' },
    ],
  },
  {
    title: 'Memory of the sidecars',
    description: 'Resident memory of the sidecars themselves.',
    unit: 'bytes',
    queries: [{ expr: `outrigger_sidecar_memory_bytes${IT}`, legend: '{{replica}}' }],
  },
  {
    title: 'Spans dropped',
    description:
      'Spans not exported, a second, because the tracing back end was slow or away. Requests are not affected.',
    unit: 'short',
    queries: [{ expr: `rate(outrigger_spans_dropped_total${IT}${RATE})`, legend: '{{replica}}' }],
  },
  {
    title: 'Engine: requests',
    description:
      'Requests that the engine runs and has waiting, by its own metrics. Empty for models without an engine.',
    unit: 'short',
    queries: [
      { expr: `outrigger_engine_running${IT}`, legend: 'running {{replica}}' },
      { expr: `outrigger_engine_waiting${IT}`, legend: 'waiting {{replica}}' },
    ],
  },
  {
    title: 'Engine: KV cache',
    description: 'KV cache use. Near 1 the engine preempts requests, and the limit is not raised.',
    unit: 'percentunit',
    queries: [{ expr: `outrigger_engine_kv_ratio${IT}`, legend: '{{replica}}' }],
  },
]

export function endpoint(): DashboardBuilder {
  const board = frame(
    'outrigger-endpoint',
    'Outrigger: endpoint',
    'One endpoint: learned limit, traffic, replicas, decisions and what the model uses.',
  ).withVariable(
    new QueryVariableBuilder('endpoint')
      .label('Endpoint')
      .datasource({ type: 'prometheus', uid: '${datasource}' })
      .query('label_values(outrigger_replicas_desired, endpoint)')
      .refresh(VariableRefresh.OnTimeRangeChanged),
  )
  const rows = { Limit: limit, Traffic: traffic, 'Replicas and decisions': replicas, Use: use }
  for (const [title, panels] of Object.entries(rows)) {
    board.withRow(new RowBuilder(title))
    for (const panel of panels) board.withPanel(chart(panel))
  }
  return board
}
