import { hostname } from 'node:os'
import { ports } from '../core/model/ports.ts'
import {
  check,
  map,
  object,
  optional,
  show,
  text,
  type Infer,
  type Issue,
} from '../core/model/schema.ts'
import {
  readAddress,
  readLevel,
  readParent,
  refuseAny,
  type Address,
} from '../core/runtime/environment.ts'
import type { Level } from '../core/runtime/log.ts'
import type { Environment } from '../core/runtime/telemetry.ts'

/** All that the controller takes from outside. This file is the only reader of its environment. */
export interface ControllerConfig {
  admin: Address
  /** URL of the platform, without a path; or the cluster that this runs in. */
  platform: string | ClusterConfig
  /** Folder of the log (controller/log) and of the keys (keys). */
  stateDir: string
  /** Between our own components; null: nothing asks for it. */
  token: string | null
  settingsFile: string | null
  logLevel: Level
  /** Exit when stdin ends: whoever started us has gone. */
  exitWithStdin: boolean
  /** Who decides, for the record. */
  identity: string
  /** What telemetry reads: the standard OTEL_* variables. */
  environment: Environment
}

/** Of a container, as Kubernetes has them. */
const resources = object(
  { requests: optional(map(text(30), 8)), limits: optional(map(text(30), 8)) },
  { strict: true },
)
type Resources = Infer<typeof resources>

/** What a controller in a cluster needs besides. */
export interface ClusterConfig {
  /** Our own namespace, and the pod that this is. */
  namespace: string
  pod: string
  /** Of the sidecars that are injected. */
  image: string
  pullPolicy: string
  pullSecrets: string[]
  /** null: the defaults. */
  sidecarResources: Resources | null
  /** Deployments of these only; empty: of all. */
  watchNamespaces: string[]
  /** host:port of the aggregator's Service. */
  aggregator: string
  /** Where the webhooks are served; null: they are not. */
  webhook: Address | null
  webhookService: string
  /** Whether kubelets are asked for CPU and memory, and whether their certificates are checked. */
  kubelets: (typeof KUBELETS)[number]
  /** Label selectors of pods that tell GPU use as dcgm-exporter does; none: it is not looked at. */
  gpuExporters: string[]
}

/** Throws BadConfig. */
export function readConfig(environment: Environment = process.env): ControllerConfig {
  const issues: Issue[] = []
  const admin = environment.OUTRIGGER_ADMIN || `127.0.0.1:${ports.controller.port}`
  const config: ControllerConfig = {
    admin: readAddress('OUTRIGGER_ADMIN', admin, issues),
    platform: readPlatform(environment, issues),
    stateDir: environment.OUTRIGGER_STATE_DIR || '.outrigger',
    token: environment.OUTRIGGER_TOKEN || null,
    settingsFile: environment.OUTRIGGER_SETTINGS_FILE || null,
    logLevel: readLevel(environment.OUTRIGGER_LOG_LEVEL || 'info', issues),
    exitWithStdin: readParent(environment.OUTRIGGER_PARENT || '', issues),
    identity: environment.OUTRIGGER_POD || `${hostname()}/${process.pid}`,
    environment,
  }
  refuseAny(issues, 'controller')
  return config
}

function readPlatform(environment: Environment, issues: Issue[]): string | ClusterConfig {
  const platform = (environment.OUTRIGGER_PLATFORM ?? '').replace(/\/+$/, '')
  if (platform === 'kubernetes') return readCluster(environment, issues)
  if (!/^http:\/\/[^/]+$/.test(platform)) {
    const expected = 'kubernetes, or the URL of the platform, such as http://127.0.0.1:15050'
    const got = show(environment.OUTRIGGER_PLATFORM || undefined)
    issues.push({ path: 'OUTRIGGER_PLATFORM', expected, got })
  }
  return platform
}

function readCluster(environment: Environment, issues: Issue[]): ClusterConfig {
  const needed = (name: string, expected: string): string => {
    const value = environment[name] ?? ''
    if (value === '') issues.push({ path: name, expected, got: 'nothing' })
    return value
  }
  const listed = (name: string): string[] =>
    (environment[name] ?? '')
      .split(',')
      .map(part => part.trim())
      .filter(part => part !== '')
  const namespace = needed('OUTRIGGER_NAMESPACE', 'the namespace of this pod')
  const webhook = environment.OUTRIGGER_WEBHOOK ?? `[::]:${ports.webhook.port}`
  return {
    namespace,
    pod: needed('OUTRIGGER_POD', 'the name of this pod'),
    image: needed('OUTRIGGER_IMAGE', 'the image of the sidecars'),
    pullPolicy: environment.OUTRIGGER_IMAGE_PULL_POLICY || 'IfNotPresent',
    pullSecrets: listed('OUTRIGGER_IMAGE_PULL_SECRETS'),
    sidecarResources: readResources(environment.OUTRIGGER_SIDECAR_RESOURCES ?? '', issues),
    watchNamespaces: listed('OUTRIGGER_WATCH_NAMESPACES'),
    aggregator:
      environment.OUTRIGGER_AGGREGATOR ||
      `outrigger-aggregator.${namespace}:${ports.aggregator.port}`,
    webhook: webhook === 'off' ? null : readAddress('OUTRIGGER_WEBHOOK', webhook, issues),
    webhookService: environment.OUTRIGGER_WEBHOOK_SERVICE || 'outrigger-webhook',
    kubelets: readKubelets(environment.OUTRIGGER_KUBELETS || 'verify', issues),
    gpuExporters: readSelectors(environment.OUTRIGGER_GPU_EXPORTERS || DCGM_EXPORTERS, issues),
  }
}

const KUBELETS = ['verify', 'insecure', 'off'] as const

function readKubelets(text: string, issues: Issue[]): ClusterConfig['kubelets'] {
  const found = KUBELETS.find(one => one === text)
  if (found !== undefined) return found
  const expected = `one of ${KUBELETS.join(', ')}`
  issues.push({ path: 'OUTRIGGER_KUBELETS', expected, got: show(text) })
  return 'verify'
}

/** As its own chart and NVIDIA's GPU operator label it. */
const DCGM_EXPORTERS = 'app.kubernetes.io/name=dcgm-exporter; app=nvidia-dcgm-exporter'

/** Several are told apart by `;`, since a selector has commas of its own. */
function readSelectors(text: string, issues: Issue[]): string[] {
  if (text === 'off') return []
  const found = text.split(';').map(part => part.trim())
  const label = '[A-Za-z0-9][A-Za-z0-9._/-]*=[A-Za-z0-9._-]*'
  const selector = new RegExp(`^${label}(,${label})*$`)
  if (found.length <= 8 && found.every(one => selector.test(one))) return found
  const expected = 'off, or at most 8 of LABEL=VALUE[,LABEL=VALUE] with ; between them'
  issues.push({ path: 'OUTRIGGER_GPU_EXPORTERS', expected, got: show(text) })
  return []
}

/** From JSON. */
function readResources(json: string, issues: Issue[]): Resources | null {
  if (json === '') return null
  const path = 'OUTRIGGER_SIDECAR_RESOURCES'
  try {
    const read = check(resources, JSON.parse(json))
    if (read.ok) return read.value
    issues.push(...read.issues.map(issue => ({ ...issue, path: `${path}.${issue.path}` })))
  } catch {
    issues.push({ path, expected: 'JSON', got: show(json) })
  }
  return null
}

/** How a pod finds the API server, and the kubeconfig that a person chose; empty where not given. */
export function clusterEnvironment(environment: Environment = process.env): {
  host: string
  port: string
  kubeconfig: string
} {
  return {
    host: environment.KUBERNETES_SERVICE_HOST ?? '',
    port: environment.KUBERNETES_SERVICE_PORT ?? '',
    kubeconfig: environment.KUBECONFIG ?? '',
  }
}
