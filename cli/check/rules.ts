/** The rights that the chart gives the controller, and what it makes; tested against the chart. */
export interface Rule {
  group: string
  /** With its subresource: deployments/scale. */
  resource: string
  verbs: readonly string[]
  /** Of these objects only. */
  names?: readonly string[]
}

const rule = (group: string, resource: string, verbs: string, names?: readonly string[]): Rule => ({
  group,
  resource,
  verbs: verbs.split(' '),
  ...(names === undefined ? {} : { names }),
})

/** By the role of the chart that has them. */
export const rules: Record<'endpoints' | 'own' | 'nodes' | 'webhook', readonly Rule[]> = {
  endpoints: [
    rule('apps', 'deployments', 'get list watch patch'),
    rule('apps', 'deployments/scale', 'patch'),
    rule('', 'pods', 'list watch patch'),
    rule('apps', 'replicasets', 'list patch'),
    rule('', 'services', 'get list watch create patch delete'),
    rule('discovery.k8s.io', 'endpointslices', 'list watch create patch delete'),
    rule('events.k8s.io', 'events', 'create patch'),
    rule('autoscaling', 'horizontalpodautoscalers', 'list watch'),
    rule('keda.sh', 'scaledobjects', 'list watch'),
  ],
  own: [
    rule('', 'secrets', 'create'),
    rule('', 'configmaps', 'create'),
    rule('', 'secrets', 'get update', [
      'outrigger-root',
      'outrigger-token',
      'outrigger-webhook-tls',
    ]),
    rule('', 'configmaps', 'get patch', ['outrigger-root-key']),
    rule('coordination.k8s.io', 'leases', 'create'),
    rule('coordination.k8s.io', 'leases', 'get update', ['outrigger-controller']),
    rule('', 'pods', 'get list watch patch'),
    rule('events.k8s.io', 'events', 'create patch'),
  ],
  nodes: [rule('', 'nodes/metrics', 'get')],
  webhook: [
    rule('', 'namespaces', 'list watch'),
    rule('admissionregistration.k8s.io', 'mutatingwebhookconfigurations', 'list watch patch', [
      'outrigger',
    ]),
    rule('admissionregistration.k8s.io', 'validatingwebhookconfigurations', 'list watch patch', [
      'outrigger',
    ]),
  ],
}

/** What the chart creates with its defaults. */
export const made: { namespaced: readonly string[]; clusterWide: readonly string[] } = {
  namespaced: [
    'serviceaccounts',
    'services',
    'configmaps',
    'secrets',
    'apps/statefulsets',
    'apps/deployments',
    'policy/poddisruptionbudgets',
    'coordination.k8s.io/leases',
    'rbac.authorization.k8s.io/roles',
    'rbac.authorization.k8s.io/rolebindings',
  ],
  clusterWide: [
    'rbac.authorization.k8s.io/clusterroles',
    'rbac.authorization.k8s.io/clusterrolebindings',
    'admissionregistration.k8s.io/mutatingwebhookconfigurations',
  ],
}
