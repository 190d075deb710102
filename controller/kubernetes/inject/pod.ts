import {
  bool,
  isMapping,
  int,
  list,
  map,
  object,
  show,
  that,
  type Infer,
  type Schema,
} from '../../../core/model/schema.ts'

/**
 * What the injector reads of a pod. The API server has checked a pod before a webhook sees it, a file has
 * been checked by nobody: what does not fit is said, and never thrown. Fields that are not read may be anything.
 */

/** A key that may be left out; YAML's `labels:` with nothing after it is null, and means the same. */
function maybe<T>(schema: Schema<T>): Schema<T | null | undefined> {
  return {
    expected: schema.expected,
    check(value, path, issues) {
      if (value !== undefined && value !== null) schema.check(value, path, issues)
    },
  }
}

const text: Schema<string> = {
  expected: 'a string',
  check(value, path, issues) {
    if (typeof value === 'string' && value.isWellFormed()) return
    const quotes = typeof value === 'boolean' || typeof value === 'number'
    issues.push({ path, expected: quotes ? 'a string (in quotes)' : 'a string', got: show(value) })
  },
}
const MANY = 10_000
const portNumber = int(1, 65_535)
const portReference = that<number | string>('the name or number of a port', v =>
  typeof v === 'string'
    ? v.isWellFormed()
    : Number.isInteger(v) && Number(v) >= 0 && Number(v) <= 65_535,
)
const quantities = map(
  that<string | number>(
    'a quantity (500m, 2, 1Gi)',
    v =>
      (typeof v === 'string' && v.isWellFormed()) || (typeof v === 'number' && Number.isFinite(v)),
  ),
  MANY,
  text,
)
const resources = object({ requests: maybe(quantities), limits: maybe(quantities) })

const scalar = that<string | number | boolean | null>(
  'a plain value',
  v =>
    (typeof v === 'string' && v.isWellFormed()) ||
    typeof v === 'number' ||
    typeof v === 'boolean' ||
    v === null,
)
/** Where variables come from: secretKeyRef, fieldRef, configMapRef and the like, each with plain values. */
const source: Schema<object> = map(
  {
    expected: 'a plain value or a mapping of them',
    check(value, path, issues) {
      if (isMapping(value)) map(scalar, MANY, text).check(value, path, issues)
      else scalar.check(value, path, issues)
    },
  },
  MANY,
  text,
)

const httpGet = object({
  path: maybe(text),
  port: portReference,
  host: maybe(text),
  scheme: maybe(text),
  httpHeaders: maybe(list(object({ name: text }), MANY)),
})
const tcpSocket = object({ port: portReference })
const handler = object({ httpGet: maybe(httpGet), tcpSocket: maybe(tcpSocket) })
const probe = object({
  httpGet: maybe(httpGet),
  tcpSocket: maybe(tcpSocket),
  grpc: maybe(object({ port: portNumber })),
})
const port = object({
  name: maybe(text),
  containerPort: portNumber,
  hostPort: maybe(int(0, 65_535)),
  protocol: maybe(text),
})

const container = object({
  name: text,
  image: maybe(text),
  command: maybe(list(text, MANY)),
  args: maybe(list(text, MANY)),
  env: maybe(list(object({ name: text, value: maybe(text), valueFrom: maybe(source) }), MANY)),
  envFrom: maybe(list(source, MANY)),
  resources: maybe(resources),
  ports: maybe(list(port, MANY)),
  livenessProbe: maybe(probe),
  readinessProbe: maybe(probe),
  startupProbe: maybe(probe),
  lifecycle: maybe(object({ preStop: maybe(handler), postStart: maybe(handler) })),
  restartPolicy: maybe(text),
})

const podSpec = object({
  containers: list(container, MANY, 'a list of containers'),
  initContainers: maybe(list(container, MANY)),
  volumes: maybe(list(object({ name: text }), MANY)),
  imagePullSecrets: maybe(list(object({ name: maybe(text) }), MANY)),
  hostNetwork: maybe(bool),
  hostPID: maybe(bool),
  shareProcessNamespace: maybe(bool),
  terminationGracePeriodSeconds: maybe(int()),
  os: maybe(object({ name: maybe(text) })),
  nodeSelector: maybe(map(text, MANY, text)),
  resources: maybe(resources),
})

export const podSchema = object({
  metadata: maybe(
    object({
      namespace: maybe(text),
      labels: maybe(map(text, MANY, text)),
      annotations: maybe(map(text, MANY, text)),
      ownerReferences: maybe(
        list(object({ kind: text, name: text, controller: maybe(bool) }), MANY),
      ),
    }),
  ),
  spec: podSpec,
})

export type Pod = Infer<typeof podSchema>
export type PodSpec = Infer<typeof podSpec>
export type Container = Infer<typeof container>
export type Handler = Infer<typeof handler>
export type Probe = Infer<typeof probe>
export type Resources = Infer<typeof resources>
