import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { frame } from './frame.ts'
import { chart, figure, type Panel } from './panel.ts'

/** All endpoints on one page: is traffic served, are the replicas following, is the controller in charge? */
const RATE = '[$__rate_interval]'

const health: [Panel, number | null][] = [
  [
    {
      title: 'Controller acts',
      description:
        'Yes while decisions are acted on. No after the decision log failed: limits and replicas then stay as they are.',
      unit: 'bool_yes_no',
      queries: [{ expr: 'min(outrigger_acting)', legend: 'acting' }],
    },
    1,
  ],
  [
    {
      title: 'Lowest coverage',
      description:
        'Replica-seconds seen of those expected over 20 s, for the worst endpoint. Low coverage blocks scaling down.',
      unit: 'percentunit',
      queries: [{ expr: 'min(outrigger_endpoint_coverage_ratio)', legend: 'coverage' }],
    },
    0.9,
  ],
  [
    {
      title: 'Offered',
      description:
        'Arrivals a second over all endpoints, each counted once where it first meets us.',
      unit: 'reqps',
      queries: [{ expr: 'sum(outrigger_endpoint_offered_per_second)', legend: 'offered' }],
    },
    null,
  ],
  [
    {
      title: 'Requests present',
      description: 'Demand over all endpoints: in flight, queued and held, mean over 20 s.',
      unit: 'short',
      queries: [{ expr: 'sum(outrigger_endpoint_requests_present)', legend: 'present' }],
    },
    null,
  ],
  [
    {
      title: 'Replicas ready',
      description: 'Ready replicas of all endpoints.',
      unit: 'short',
      queries: [{ expr: 'sum(outrigger_replicas_ready)', legend: 'ready' }],
    },
    null,
  ],
  [
    {
      title: 'Decisions per minute',
      description: 'Decisions recorded, holds included. It never stops while the controller runs.',
      unit: 'short',
      queries: [{ expr: `60 * sum(rate(outrigger_decisions_total${RATE}))`, legend: 'decisions' }],
    },
    null,
  ],
]

const traffic: Panel[] = [
  {
    title: 'Offered by endpoint',
    description: 'Arrivals a second over 20 s, as the controller sees them.',
    unit: 'reqps',
    queries: [{ expr: 'outrigger_endpoint_offered_per_second', legend: '{{endpoint}}' }],
  },
  {
    title: 'Rejected by endpoint',
    description:
      'Requests turned away a second, at edges and sidecars. An edge tries another replica when one is full: such attempts are not rejects.',
    unit: 'reqps',
    queries: [
      {
        expr: `sum by (endpoint) (rate(outrigger_edge_rejected_requests_total${RATE}) or rate(outrigger_rejected_requests_total{reason!="no-slot"}${RATE}))`,
        legend: '{{endpoint}}',
      },
    ],
  },
  {
    title: 'In flight against the limit',
    description:
      'Requests that the models hold, and what their limits allow together. In flight at the limit for long: more replicas are needed.',
    unit: 'short',
    queries: [
      {
        expr: 'sum by (endpoint) (outrigger_requests_in_flight)',
        legend: '{{endpoint}} in flight',
      },
      { expr: 'sum by (endpoint) (outrigger_limit)', legend: '{{endpoint}} limit' },
    ],
  },
  {
    title: 'Held and queued',
    description: 'Requests that wait for a slot, at edges (held) and at sidecars (queued).',
    unit: 'short',
    queries: [
      { expr: 'sum by (endpoint) (outrigger_edge_requests_held)', legend: '{{endpoint}} held' },
      { expr: 'sum by (endpoint) (outrigger_requests_queued)', legend: '{{endpoint}} queued' },
    ],
  },
]

const control: Panel[] = [
  {
    title: 'Replicas',
    description:
      'Replicas last decided and those that are ready. A gap is start-up time, or a replica that fails.',
    unit: 'short',
    queries: [
      { expr: 'outrigger_replicas_desired', legend: '{{endpoint}} desired' },
      { expr: 'outrigger_replicas_ready', legend: '{{endpoint}} ready' },
    ],
  },
  {
    title: 'Decisions by action',
    description:
      'Decisions a minute over all endpoints, by what was decided and the action. Holds are decisions too.',
    unit: 'short',
    queries: [
      {
        expr: `60 * sum by (what, action) (rate(outrigger_decisions_total${RATE}))`,
        legend: '{{what}} {{action}}',
      },
    ],
  },
  {
    title: 'Coverage',
    description: 'Replica-seconds seen of those expected over 20 s. 1 when every replica reports.',
    unit: 'percentunit',
    queries: [{ expr: 'outrigger_endpoint_coverage_ratio', legend: '{{endpoint}}' }],
  },
  {
    title: 'Age of the measurements',
    description:
      'Age of the newest window at the controller, and of the newest sample of the replica that is silent longest.',
    unit: 's',
    queries: [
      { expr: 'outrigger_window_age_seconds', legend: '{{endpoint}} window' },
      { expr: 'outrigger_endpoint_staleness_seconds', legend: '{{endpoint}} sample' },
    ],
  },
  {
    title: 'Time of a log append',
    description:
      'One append with fsync: nothing is acted on before it. A slow disk shows here first.',
    unit: 's',
    queries: ['0.5', '0.99'].map(q => ({
      expr: `histogram_quantile(${q}, sum by (le) (rate(outrigger_log_append_seconds_bucket${RATE})))`,
      legend: `quantile ${q}`,
    })),
  },
  {
    title: 'Time of a tick',
    description:
      'Observe, decide, record and publish for all endpoints. It should stay far below a second.',
    unit: 's',
    queries: ['0.5', '0.99'].map(q => ({
      expr: `histogram_quantile(${q}, sum by (le) (rate(outrigger_tick_seconds_bucket${RATE})))`,
      legend: `quantile ${q}`,
    })),
  },
  {
    title: 'Decision log',
    description: 'Bytes of the decision log on disk; rotation and retention keep it bounded.',
    unit: 'bytes',
    queries: [{ expr: 'outrigger_log_bytes', legend: 'on disk' }],
  },
  {
    title: 'What was asked of the platform and the sidecars',
    description: 'Actuations a minute by result. Superseded ones made way for a newer decision.',
    unit: 'short',
    queries: [
      {
        expr: `60 * sum by (what, result) (rate(outrigger_actuations_total${RATE}))`,
        legend: '{{what}} {{result}}',
      },
    ],
  },
]

export function fleet(): DashboardBuilder {
  const board = frame(
    'outrigger-fleet',
    'Outrigger: fleet',
    'All endpoints: traffic, limits, replicas, and whether the controller is in charge.',
  )
  board.withRow(new RowBuilder('Health'))
  for (const [panel, good] of health) board.withPanel(figure(panel, good))
  board.withRow(new RowBuilder('Traffic'))
  for (const panel of traffic) board.withPanel(chart(panel))
  board.withRow(new RowBuilder('Control'))
  for (const panel of control) board.withPanel(chart(panel))
  return board
}
