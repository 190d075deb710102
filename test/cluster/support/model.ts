import { kubectl, podsOf, isReady, until, json } from './cluster.ts'

/** A model as people deploy it: it knows nothing of us. */
export interface ModelOptions {
  namespace: string
  name: string
  /** ms of work a request, and how many run at once before the next waits. */
  ms?: number
  slots?: number
  replicas?: number
  /** Annotations of the pod template. */
  annotations?: Record<string, string>
  /** Annotations of the Deployment. */
  deployment?: Record<string, string>
  /** Of the Service: the port's name, or its number. */
  targetPort?: string | number
  /** On SIGTERM: ends at once, or serves on for as long as a Service may send to it, then ends. */
  onTerm?: 'exit' | 'drain'
  /** Bound to this host. */
  host?: string
  preStop?: Record<string, unknown>
  livenessProbe?: Record<string, unknown>
  graceSeconds?: number
  more?: Record<string, unknown>
}

/** A server with `slots` workers, each busy for `ms`: latency grows with what waits, throughput does not. */
const PROGRAM = `
import { existsSync, rmSync } from 'node:fs'
import http from 'node:http'
rmSync('/tmp/sick', { force: true })
const { MS, SLOTS, ON_TERM, HOST } = process.env
let busy = 0
const waiting = []
const next = () => {
  while (busy < Number(SLOTS) && waiting.length > 0) {
    busy++
    const answer = waiting.shift()
    setTimeout(() => { busy--; answer(); next() }, Number(MS))
  }
}
const server = http.createServer((request, response) => {
  if (request.url === '/healthz') return response.end('ok')
  if (request.url === '/livez') return response.writeHead(existsSync('/tmp/sick') ? 500 : 200).end()
  if (leaving) response.setHeader('connection', 'close')
  request.resume()
  waiting.push(() => response.end(JSON.stringify({ pod: process.env.HOSTNAME })))
  next()
})
server.keepAliveTimeout = 65_000
server.listen(8080, HOST)
let leaving = false
process.on('SIGTERM', () => {
  if (ON_TERM === 'exit') process.exit(0)
  leaving = true
  setTimeout(() => {
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  }, 3000)
})
`

export async function deployModel(options: ModelOptions): Promise<void> {
  const { namespace } = options
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'model', namespace },
      data: { 'model.mjs': PROGRAM },
    },
    deploymentOf(options),
    serviceOf(options),
  ]
  await kubectl(
    ['apply', '--server-side', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  )
}

function deploymentOf(options: ModelOptions): Record<string, unknown> {
  const { namespace, name, ms = 50, slots = 4, annotations = {}, deployment = {} } = options
  const labels = { app: name }
  const env = {
    MS: ms,
    SLOTS: slots,
    ON_TERM: options.onTerm ?? 'drain',
    HOST: options.host ?? '::',
  }
  const container = {
    name: 'model',
    // Any image with Node would do; this one is there already.
    image: 'outrigger:dev',
    imagePullPolicy: 'IfNotPresent',
    command: ['/usr/local/bin/node', '/model/model.mjs'],
    env: Object.entries(env).map(([key, value]) => ({ name: key, value: String(value) })),
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
    resources: { requests: { cpu: '50m', memory: '48Mi' }, limits: { memory: '256Mi' } },
    volumeMounts: [{ name: 'model', mountPath: '/model' }],
    ...(options.preStop === undefined ? {} : { lifecycle: { preStop: options.preStop } }),
    ...(options.livenessProbe === undefined ? {} : { livenessProbe: options.livenessProbe }),
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, annotations: prefixed(deployment) },
    spec: {
      ...(options.replicas === undefined ? {} : { replicas: options.replicas }),
      selector: { matchLabels: labels },
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels, annotations: prefixed(annotations) },
        spec: {
          containers: [container],
          terminationGracePeriodSeconds: options.graceSeconds ?? 30,
          volumes: [{ name: 'model', configMap: { name: 'model' } }],
          ...options.more,
        },
      },
    },
  }
}

function serviceOf({
  namespace,
  name,
  targetPort = 'http',
}: ModelOptions): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort }] },
  }
}

function prefixed(annotations: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [`outrigger.dev/${key}`, value]),
  )
}

/** URL of a Service's cluster address: pods reach it, and what runs on a node. */
export async function serviceUrl(namespace: string, name: string): Promise<string> {
  const service = ['-n', namespace, 'get', 'service', name]
  const { spec } = await json<{ spec: { clusterIP: string } }>(service)
  return `http://${spec.clusterIP}/`
}

/** Waits until what is behind a Service answers 2xx; asked by a replica of the model. */
export async function answers(namespace: string, service: string, model = service): Promise<void> {
  const url = await serviceUrl(namespace, service)
  const ask = `fetch('${url}').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`
  const exec = ['-n', namespace, 'exec', `deployment/${model}`, '-c', 'model', '--']
  await until(`${service} answers`, () =>
    kubectl([...exec, '/usr/local/bin/node', '-e', ask]).then(() => true),
  )
}

/** Waits until so many pods of the app are ready and no others are there. */
export async function replicasReady(
  namespace: string,
  name: string,
  count: number,
  seconds = 60,
): Promise<void> {
  await until(
    `${count} replicas of ${name} are ready`,
    async () => {
      const pods = await podsOf(namespace, name)
      return pods.length === count && pods.every(isReady)
    },
    { seconds },
  )
}

/** Changes annotations of the pod template: a rollout follows. */
export async function annotateTemplate(
  namespace: string,
  name: string,
  annotations: Record<string, string | null>,
): Promise<void> {
  const patch = { spec: { template: { metadata: { annotations } } } }
  await kubectl([
    '-n',
    namespace,
    'patch',
    'deployment',
    name,
    '--type=merge',
    '-p',
    JSON.stringify(patch),
  ])
  await kubectl(['-n', namespace, 'rollout', 'status', `deployment/${name}`, '--timeout=120s'])
}
