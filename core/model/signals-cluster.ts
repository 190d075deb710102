import type { Signal } from './signal.ts'

/** Of each controller in a cluster, the standby, too; on the page of the controller. */
export const clusterSignals = {
  outrigger_lease_held: {
    kind: 'gauge',
    help: '1 while this controller holds the lease and decides; 0 on a standby.',
    labels: [],
  },
  outrigger_lease_transitions_total: {
    kind: 'counter',
    help: 'How often the lease has changed hands, as it says itself.',
    labels: [],
  },
  outrigger_webhook_answers_total: {
    kind: 'counter',
    help: 'Answers of the webhook, by result: injected, already, failed (let pass unchanged), scaled (noted), other.',
    labels: ['result'],
  },
  outrigger_webhook_skipped_total: {
    kind: 'counter',
    help: 'Reasons for which pods were not injected.',
    labels: ['reason'],
  },
  outrigger_webhook_refused_total: {
    kind: 'counter',
    help: 'Requests that the webhook refused, by HTTP status: none of an API server that works.',
    labels: ['status'],
  },
  outrigger_webhook_failed_handshakes_total: {
    kind: 'counter',
    help: 'TLS handshakes that failed, most often of an API server with another caBundle.',
    labels: [],
  },
  outrigger_webhook_seconds: {
    kind: 'histogram',
    help: 'Time of one admission in the webhook.',
    labels: [],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  },
  outrigger_informer_objects: {
    kind: 'gauge',
    help: 'Objects of the API that are held, by kind.',
    labels: ['kind'],
  },
  outrigger_informer_events_total: {
    kind: 'counter',
    help: 'Events that watches have brought, by kind of object.',
    labels: ['kind'],
  },
  outrigger_informer_relists_total: {
    kind: 'counter',
    help: 'How often all objects of a kind were listed.',
    labels: ['kind'],
  },
  outrigger_informer_stalls_total: {
    kind: 'counter',
    help: 'Watches that were given up because they had fallen silent, by kind of object.',
    labels: ['kind'],
  },
  outrigger_informer_failures_total: {
    kind: 'counter',
    help: 'Lists and watches that failed, by kind of object.',
    labels: ['kind'],
  },
  outrigger_kubelets: {
    kind: 'gauge',
    help: 'Kubelets that host replicas; of the leader.',
    labels: [],
  },
  outrigger_kubelet_requests_total: {
    kind: 'counter',
    help: 'Requests to kubelets for CPU and memory, by result: done, failed; of the leader.',
    labels: ['result'],
  },
  outrigger_gpu_exporters: {
    kind: 'gauge',
    help: 'Pods of dcgm-exporter beside replicas; of the leader.',
    labels: [],
  },
  outrigger_gpu_exporter_requests_total: {
    kind: 'counter',
    help: 'Requests to them for GPU use, by result: done, failed; of the leader.',
    labels: ['result'],
  },
  outrigger_findings: {
    kind: 'gauge',
    help: 'What the keepers of the webhook found in their newest pass, by reason (docs/webhook.md); of the leader.',
    labels: ['reason'],
  },
  outrigger_services_rewritten_total: {
    kind: 'counter',
    help: 'Ports of Services that lead to a name now, as their Deployment asked for.',
    labels: [],
  },
  outrigger_replicasets_woken_total: {
    kind: 'counter',
    help: 'ReplicaSets that were told to try again after the webhook was away.',
    labels: [],
  },
  outrigger_keeper_failures_total: {
    kind: 'counter',
    help: 'Deployments that the keepers of the webhook could not look at.',
    labels: [],
  },
  outrigger_cluster_events_total: {
    kind: 'counter',
    help: 'Events for people, by result: written, repeated (counted), dropped, failed.',
    labels: ['result'],
  },
} as const satisfies Record<string, Signal>
