/** What `outrigger check` looks at, one table: docs/check.md lists the same. A fix is one sentence. */
export type Group =
  | 'cluster'
  | 'rights'
  | 'release'
  | 'webhook'
  | 'endpoints'
  | 'clocks'
  | 'machine'

interface Row {
  group: Group
  /** before: also, or only, before an installation. */
  when: 'before' | 'always' | 'after' | 'machine'
  /** What is so when all is well. */
  title: string
  fix: string
}

const table = {
  'api-version': {
    group: 'cluster',
    when: 'always',
    title: 'The API server is of Kubernetes 1.33 or newer.',
    fix: 'Upgrade the cluster; from 1.29 to 1.32 only outrigger.dev/mode: loopback works.',
  },
  kubelets: {
    group: 'cluster',
    when: 'always',
    title: 'Each kubelet is of 1.29 or newer, and its node is ready.',
    fix: 'Upgrade or mend {about}: native sidecars need a kubelet of 1.29.',
  },
  admission: {
    group: 'cluster',
    when: 'always',
    title: 'The API server asks webhooks.',
    fix: 'Let the API server serve admissionregistration.k8s.io/v1, or install with webhook.enabled=false and use `outrigger inject`.',
  },
  dns: {
    group: 'cluster',
    when: 'always',
    title: 'The cluster has a DNS service.',
    fix: 'Install CoreDNS: our components find one another by the names of their Services.',
  },
  storage: {
    group: 'cluster',
    when: 'before',
    title: 'There is a storage class for the volume of the decision log.',
    fix: 'Mark a StorageClass as the default, name one in controller.persistence.storageClass, or set controller.persistence.enabled=false.',
  },
  namespace: {
    group: 'cluster',
    when: 'always',
    title: 'The namespace can have our pods; they pass restricted Pod Security.',
    fix: 'Wait until namespace {about} is gone and make it anew, or install into another.',
  },
  'install-rights': {
    group: 'rights',
    when: 'before',
    title: 'You may create what the chart has.',
    fix: 'Ask an administrator for the right to create {about}, or install bound to namespaces (docs/install.md).',
  },
  'controller-rights': {
    group: 'rights',
    when: 'after',
    title: 'The controller may do what the chart gives it.',
    fix: 'Apply the chart again: its roles or their bindings were changed.',
  },
  pods: {
    group: 'release',
    when: 'after',
    title: 'Each pod of ours is ready.',
    fix: 'See `kubectl -n {namespace} describe pod {name}` and `kubectl -n {namespace} logs {name}`.',
  },
  images: {
    group: 'release',
    when: 'after',
    title: 'All our pods have the same image.',
    fix: 'Wait for the rollout to end, or run `helm upgrade` again.',
  },
  version: {
    group: 'release',
    when: 'after',
    title: 'This command and the release are at most two minor versions apart.',
    fix: 'Use the `outrigger` of the version that is installed.',
  },
  lease: {
    group: 'release',
    when: 'after',
    title: 'A controller holds the lease and renews it.',
    fix: 'See the logs of the controllers: none decides until one holds Lease outrigger-controller.',
  },
  controller: {
    group: 'release',
    when: 'after',
    title: 'The controller that leads answers, and works as it should.',
    fix: 'Do what its words say; its log has more: `kubectl -n {about} logs -l outrigger.dev/leader=true`.',
  },
  'webhook-registered': {
    group: 'webhook',
    when: 'after',
    title: 'The webhook is registered and leads to this release.',
    fix: 'Apply the chart again: MutatingWebhookConfiguration outrigger is missing or was changed.',
  },
  'webhook-trust': {
    group: 'webhook',
    when: 'after',
    title: 'The caBundle is that of our certificates.',
    fix: 'Let a controller repair it (it does so within 10 s), and stop whatever writes caBundle besides.',
  },
  'webhook-certificate': {
    group: 'webhook',
    when: 'after',
    title: 'The certificate of the webhook lasts for more than 20 days.',
    fix: 'See the logs of the controllers, which renew it 30 days before its end; deleting Secret outrigger-webhook-tls has a new one made.',
  },
  'webhook-answers': {
    group: 'webhook',
    when: 'after',
    title: 'A pod that is made, as a dry run, comes back with the sidecar.',
    fix: 'Let the API server reach port 15443 of the controllers: see NetworkPolicies and Service outrigger-webhook.',
  },
  sidecars: {
    group: 'endpoints',
    when: 'after',
    title: 'Each injected pod is ready.',
    fix: 'See `kubectl -n {namespace} describe pod {name}`.',
  },
  'sidecar-missing': {
    group: 'endpoints',
    when: 'after',
    title: 'Each pod that asks for a sidecar has one.',
    fix: 'Do what its words say, then `kubectl -n {namespace} rollout restart deployment/{name}`.',
  },
  'sidecar-version': {
    group: 'endpoints',
    when: 'after',
    title: 'Sidecars are of the image that is injected now.',
    fix: 'Run `kubectl -n {namespace} rollout restart deployment/{name}` when it suits.',
  },
  orders: {
    group: 'endpoints',
    when: 'after',
    title: 'All replicas follow the same order.',
    fix: 'Let the controllers reach port 15021 of the pods: see NetworkPolicies of the namespace.',
  },
  signals: {
    group: 'endpoints',
    when: 'after',
    title: 'Measurements come from each replica.',
    fix: 'Let outrigger-aggregator reach port 15021 of the pods: see NetworkPolicies of the namespace.',
  },
  annotations: {
    group: 'endpoints',
    when: 'after',
    title: 'All annotations can be read.',
    fix: 'Write what is expected (docs/settings.md); until then the last good settings stay in force.',
  },
  rivals: {
    group: 'endpoints',
    when: 'after',
    title: 'Nobody else scales the Deployment.',
    fix: 'Delete the other scaler, or annotate outrigger.dev/freeze: replicas to have limits only.',
  },
  services: {
    group: 'endpoints',
    when: 'after',
    title: 'Services lead to the sidecar.',
    fix: 'Do what its words say.',
  },
  drains: {
    group: 'endpoints',
    when: 'after',
    title: 'Nodes can be drained: each PodDisruptionBudget of an endpoint lets a pod go.',
    fix: 'Give it maxUnavailable: 1; or, where minAvailable is a number, keep more replicas than that (outrigger.dev/min-replicas).',
  },
  'clock-own': {
    group: 'clocks',
    when: 'always',
    title: 'The clock of this machine agrees with that of the API server.',
    fix: 'Set the clock of this machine (NTP): times on the command line are read by it.',
  },
  'clock-nodes': {
    group: 'clocks',
    when: 'always',
    title: 'The clocks of the nodes agree with that of the API server.',
    fix: 'Set the clock of {about} (NTP).',
  },
  'clock-controller': {
    group: 'clocks',
    when: 'after',
    title: 'The clock of the controller that leads agrees with that of the API server.',
    fix: 'Set the clock of the node of {about} (NTP): decisions are recorded with it.',
  },
  node: {
    group: 'machine',
    when: 'machine',
    title: 'Node.js is new enough.',
    fix: 'Install Node.js {about} or newer.',
  },
  'state-folder': {
    group: 'machine',
    when: 'machine',
    title: 'The state folder can be written.',
    fix: 'Give this user the folder {about}, or name another with --state.',
  },
  plan: {
    group: 'machine',
    when: 'machine',
    title: 'What outrigger.yaml asks for is there: commands, folders, free ports.',
    fix: 'Mend {about} as its words say.',
  },
  log: {
    group: 'machine',
    when: 'machine',
    title: 'The decision log verifies.',
    fix: 'See `outrigger decisions verify` and docs/decision-log.md.',
  },
} as const satisfies Record<string, Row>

export type CheckName = keyof typeof table
export const checks: Record<CheckName, Row> = table
