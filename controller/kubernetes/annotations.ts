/**
 * Every annotation and label with our prefix, once; docs/kubernetes.md has this table. Settings
 * (`outrigger.dev/NAME`) and overrides (`outrigger.dev/override-NAME`) have rows of their own there.
 */
export interface AnnotationRow {
  /** Who writes it. */
  by: 'people' | 'us'
  on: 'pod template' | 'Deployment' | 'pods' | 'ReplicaSets' | 'our own objects'
  values: string
  sentence: string
}

export const annotationTable = {
  inject: {
    by: 'people',
    on: 'pod template',
    values: '`true`, `false`',
    sentence: 'Asks for the sidecar. What makes a Deployment an endpoint.',
  },
  mode: {
    by: 'people',
    on: 'pod template',
    values: '`rename` (default), `loopback`',
    sentence: 'How requests come to the sidecar.',
  },
  port: {
    by: 'people',
    on: 'pod template',
    values: 'name or number of a container port',
    sentence: 'The port that the model is asked on, where it has several or declares none.',
  },
  container: {
    by: 'people',
    on: 'pod template',
    values: 'name',
    sentence: "The model's container, where that is not clear.",
  },
  protocol: {
    by: 'people',
    on: 'pod template',
    values: '`http`, `https`, `grpc`',
    sentence: 'What the port speaks, where its name says something else. `https` is not injected.',
  },
  'ready-path': {
    by: 'people',
    on: 'pod template',
    values: 'path',
    sentence: 'Where the sidecar asks the model whether it is ready.',
  },
  'metrics-url': {
    by: 'people',
    on: 'pod template',
    values: 'http:// URL',
    sentence: "The engine's metrics page, where it is not found by itself.",
  },
  'share-processes': {
    by: 'people',
    on: 'pod template',
    values: '`true`, `false`',
    sentence: 'The sidecar may look at the processes of its pod, to measure CPU and memory.',
  },
  edge: {
    by: 'people',
    on: 'Deployment',
    values: '`true`, `false`',
    sentence: 'A Service `NAME-edge`: one queue in front of all replicas, and scaling to zero.',
  },
  service: {
    by: 'people',
    on: 'Deployment',
    values: '`rewrite`',
    sentence:
      'Numeric targetPorts of its Services become names, so that none leads past the sidecar.',
  },
  'load-balancer-metrics': {
    by: 'people',
    on: 'Deployment',
    values: 'http or https URL, `#CLUSTER` or `#gauge=NAME`',
    sentence: 'What waits at a load balancer counts as held.',
  },
  status: {
    by: 'us',
    on: 'Deployment',
    values: 'JSON; on pods `injected`',
    sentence: 'Wanted replicas, limit, last decision. On pods: that they were injected.',
  },
  epoch: {
    by: 'us',
    on: 'Deployment',
    values: 'number',
    sentence: 'Of the controller that may scale it. Also on the Lease.',
  },
  'edge-port': {
    by: 'us',
    on: 'Deployment',
    values: '20000 to 29999',
    sentence: 'Where the edges listen for it.',
  },
  injected: {
    by: 'us',
    on: 'pods',
    values: 'label `true`',
    sentence: 'To select injected pods by.',
  },
  endpoint: { by: 'us', on: 'pods', values: 'namespace/name', sentence: 'Whose replica it is.' },
  revision: {
    by: 'us',
    on: 'pods',
    values: '16 digits',
    sentence: 'Hash of what makes the model behave differently: limits are learned for it.',
  },
  'app-port': { by: 'us', on: 'pods', values: 'number', sentence: 'Where the model listens.' },
  'admin-port': { by: 'us', on: 'pods', values: 'number', sentence: 'Of the sidecar.' },
  'metrics-port': { by: 'us', on: 'pods', values: 'number', sentence: 'Of the sidecar.' },
  victim: {
    by: 'us',
    on: 'pods',
    values: 'number, or empty',
    sentence: 'It is to go; the deletion cost that it had before.',
  },
  retry: {
    by: 'us',
    on: 'ReplicaSets',
    values: 'time',
    sentence: 'Woken after the webhook was away.',
  },
  leader: {
    by: 'us',
    on: 'our own objects',
    values: 'label `true`',
    sentence: 'The controller pod that decides.',
  },
  scrape: {
    by: 'us',
    on: 'our own objects',
    values: 'label `true`',
    sentence: 'Services that the ServiceMonitor selects.',
  },
} as const satisfies Record<string, AnnotationRow>

/** Without their prefix. */
export const knownAnnotations: readonly string[] = Object.keys(annotationTable)
