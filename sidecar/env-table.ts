import { trafficVariables } from './env-traffic.ts'

/** Every environment variable of the sidecar, once: config.ts and docs/sidecar.md follow this table. */
export interface Variable {
  kind: 'text' | 'address' | 'int' | 'list' | 'choice' | 'url'
  /** As it would be written; null: it must be given; '' : it may be left out. */
  default: string | null
  min?: number
  max?: number
  choices?: readonly string[]
  sentence: string
}

export const variables = {
  OUTRIGGER_ENDPOINT: {
    kind: 'text',
    default: null,
    sentence: 'The endpoint that this replica serves, namespace/name.',
  },
  OUTRIGGER_REVISION: {
    kind: 'text',
    default: null,
    sentence: 'Revision of the model: orders for another one are refused.',
  },
  OUTRIGGER_REPLICA: { kind: 'text', default: null, sentence: 'Name of this replica.' },
  OUTRIGGER_ROOT_KEY: {
    kind: 'text',
    default: null,
    sentence: 'Root public key that vouches for orders and passes: base64 of its SPKI.',
  },
  OUTRIGGER_APP: {
    kind: 'address',
    default: null,
    sentence: 'Where the model listens, host:port.',
  },
  OUTRIGGER_TRAFFIC: {
    kind: 'address',
    default: '[::]:15080',
    sentence:
      'Where to listen for requests: hosts joined by commas, and the port, which may be 0 for one host (the kernel chooses).',
  },
  OUTRIGGER_ADMIN: {
    kind: 'address',
    default: '[::]:15021',
    sentence: 'Where to listen for orders, samples, health and drain.',
  },
  OUTRIGGER_METRICS: {
    kind: 'address',
    default: '[::]:15020',
    sentence: 'Where to listen for /metrics.',
  },
  OUTRIGGER_STATE_DIR: {
    kind: 'text',
    default: null,
    sentence: 'Folder that keeps the last order over a restart.',
  },
  OUTRIGGER_DRAIN_SECRET: {
    kind: 'text',
    default: '',
    sentence: 'Who sends this in x-outrigger-drain may start a drain. Empty: only SIGTERM does.',
  },
  OUTRIGGER_CPU_QUOTA: {
    kind: 'int',
    default: '',
    min: 1,
    max: 1_000_000,
    sentence: 'CPU quota of the model, cores x 1000. Empty: as the kernel says.',
  },
  OUTRIGGER_APP_PID_FILE: {
    kind: 'text',
    default: '',
    sentence:
      'File with the process id of the model, to measure CPU and memory of its tree; read again when that process is gone. Empty: not measured.',
  },
  OUTRIGGER_APP_PROCESSES: {
    kind: 'choice',
    default: '',
    choices: ['shared'],
    sentence:
      'shared: the pod shares its process namespace, so CPU and memory are those of all its processes but ours.',
  },
  OUTRIGGER_MEMORY_LIMIT: {
    kind: 'int',
    default: '',
    min: 1,
    sentence: 'Memory limit of the model, bytes. Empty: as the kernel says.',
  },
  OUTRIGGER_OBJECTIVE_MS: {
    kind: 'int',
    default: '',
    min: 1,
    max: 3_600_000,
    sentence: 'Latency objective until an order brings one, ms. Empty: none.',
  },
  OUTRIGGER_FIRST_LIMIT: {
    kind: 'int',
    default: '',
    min: 1,
    max: 100_000,
    sentence: 'Limit until the first order. Empty: 4 with an objective, 2 without.',
  },
  OUTRIGGER_FIRST_QUEUE_MS: {
    kind: 'int',
    default: '2000',
    min: 0,
    max: 3_600_000,
    sentence: 'Queue deadline until the first order, ms.',
  },
  OUTRIGGER_ORDER_WAIT: {
    kind: 'int',
    default: '0',
    min: 0,
    max: 60_000,
    sentence:
      'How long to wait for the first order before being ready, ms: a replica that joins others takes requests with their limit and not with a first one.',
  },
  OUTRIGGER_READY_PATH: {
    kind: 'text',
    default: '',
    sentence:
      'Path of the model that answers 200 to 399 when it is ready. Empty: that it accepts a connection.',
  },
  OUTRIGGER_HEALTH_PATHS: {
    kind: 'list',
    default: '/healthz,/readyz,/health,/livez,/ping',
    sentence: 'Paths that GET and HEAD reach without a slot, and that are not demand.',
  },
  OUTRIGGER_METRICS_URL: {
    kind: 'url',
    default: '',
    sentence: "The engine's metrics page. Empty: looked for.",
  },
  OUTRIGGER_OWN_LOOPBACK: {
    kind: 'choice',
    default: 'no',
    choices: ['yes', 'no'],
    sentence:
      "yes: loopback is the model's own, as in a pod; the engines' usual ports are tried too, and the model's connections that come past the sidecar are counted.",
  },
  OUTRIGGER_GPUS: {
    kind: 'text',
    default: '',
    sentence:
      'The devices of this model as nvidia-smi --id takes them. Empty: all; none: not measured.',
  },
  OUTRIGGER_MAX_UPGRADES: {
    kind: 'int',
    default: '1000',
    min: 0,
    max: 100_000,
    sentence: 'Upgraded connections (WebSocket) that may be open at once.',
  },
  OUTRIGGER_CARRIER: {
    kind: 'choice',
    default: 'fast',
    choices: ['fast', 'compat'],
    sentence:
      'fast: HTTP/1.1 on sockets, and what it declines by node:http; compat: all of it by node:http.',
  },
  ...trafficVariables,
  OUTRIGGER_DRAIN_MIN: {
    kind: 'int',
    default: '3000',
    min: 0,
    max: 3_600_000,
    sentence: 'A drain hook is answered no sooner, ms: the address of the pod is still in use.',
  },
  OUTRIGGER_DRAIN_QUIET: {
    kind: 'int',
    default: '500',
    min: 0,
    max: 3_600_000,
    sentence: 'A drain hook is answered when no request came for this long, ms.',
  },
  OUTRIGGER_DRAIN_MAX: {
    kind: 'int',
    default: '25000',
    min: 0,
    max: 86_400_000,
    sentence:
      'A drain hook is answered by then, whatever is in flight, ms. Less than the grace period of the pod.',
  },
  OUTRIGGER_DRAIN_GRACE: {
    kind: 'int',
    default: '0',
    min: 0,
    max: 600_000,
    sentence: 'How long to go on accepting connections after SIGTERM, ms.',
  },
  OUTRIGGER_DRAIN_TIMEOUT: {
    kind: 'int',
    default: '30000',
    min: 0,
    max: 3_600_000,
    sentence: 'How long after that the end may take before what is left is cut off, ms.',
  },
  OUTRIGGER_PARENT: {
    kind: 'choice',
    default: '',
    choices: ['stdin'],
    sentence: 'stdin: exit when standard input ends, because the parent is gone.',
  },
  OUTRIGGER_LOG_LEVEL: {
    kind: 'choice',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error'],
    sentence: 'The least level that is logged on stderr.',
  },
} as const satisfies Record<string, Variable>

export type VariableName = keyof typeof variables

/** Read besides: the standard ones of OpenTelemetry. The exporter reads the rest of OTEL_EXPORTER_OTLP_* itself. */
export const otelVariables = [
  'OTEL_SDK_DISABLED',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_TRACES_EXPORTER',
  'OTEL_SERVICE_NAME',
  'OTEL_RESOURCE_ATTRIBUTES',
  'OTEL_TRACES_SAMPLER',
  'OTEL_TRACES_SAMPLER_ARG',
  'OTEL_BSP_SCHEDULE_DELAY',
  'OTEL_BSP_MAX_QUEUE_SIZE',
  'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
  'OTEL_BSP_EXPORT_TIMEOUT',
] as const
