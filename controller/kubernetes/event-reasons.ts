/** Every reason of an Event that we write, once; docs/kubernetes.md has this table. */
interface Row {
  type: 'Normal' | 'Warning'
  on: string
  sentence: string
  /** What to do about it; empty: nothing. */
  help: string
}

export const eventReasons = {
  OutriggerInjected: {
    type: 'Normal',
    on: 'owner of the pods',
    sentence: 'Pods got the sidecar; where and how.',
    help: '',
  },
  OutriggerSkipped: {
    type: 'Warning',
    on: 'owner of the pods',
    sentence: 'Pods run without the sidecar, with the reasons.',
    help: 'As the reasons say (docs/injection.md).',
  },
  OutriggerFailed: {
    type: 'Warning',
    on: 'owner of the pods',
    sentence: 'The injector itself failed; the pod passed unchanged.',
    help: '`kubectl logs` of the controllers; it is a bug.',
  },
  SidecarMissing: {
    type: 'Warning',
    on: 'Deployment',
    sentence: 'Pods ask for a sidecar and have none: made while the webhook was not asked.',
    help: '`kubectl rollout restart`; where that changes nothing the namespace is left out (`webhook.excludedNamespaces`).',
  },
  ScaledUp: {
    type: 'Normal',
    on: 'Deployment',
    sentence: 'More replicas, and the decision that says why.',
    help: '',
  },
  ScaledDown: {
    type: 'Normal',
    on: 'Deployment',
    sentence: 'Fewer replicas, and the decision that says why.',
    help: '',
  },
  Refused: {
    type: 'Warning',
    on: 'Deployment',
    sentence: 'A decision was not carried out: another scaler, a count set meanwhile, rights.',
    help: 'As it says. One that names a newer count needs nothing: the next decision sees it.',
  },
  InvalidAnnotation: {
    type: 'Warning',
    on: 'Deployment',
    sentence: 'Annotations are wrong: what was expected and what was got.',
    help: 'Mend them. The last good settings stay in force.',
  },
  EdgeRefused: {
    type: 'Warning',
    on: 'Deployment',
    sentence: '`NAME-edge` can not be made: the name is taken, or none that a Service may have.',
    help: 'Rename the other Service, or the Deployment.',
  },
  NumericTargetPort: {
    type: 'Warning',
    on: 'Deployment',
    sentence: "A Service leads to the model's port by its number: past the sidecar.",
    help: 'Name the port, or annotate `outrigger.dev/service: rewrite`.',
  },
  HeadlessService: {
    type: 'Warning',
    on: 'Deployment',
    sentence: 'Clients of a headless Service connect to a port number of their own.',
    help: '`outrigger.dev/mode: loopback`, or a Service with a cluster IP.',
  },
  TrafficBypassesSidecar: {
    type: 'Warning',
    on: 'Deployment',
    sentence: 'Sidecars see no request for minutes while the models work.',
    help: 'As it says: the Service, or clients that use addresses of pods.',
  },
  ServiceRewritten: {
    type: 'Normal',
    on: 'Deployment',
    sentence: 'A numeric targetPort became a name, as asked for.',
    help: '',
  },
  CaBundleRepaired: {
    type: 'Warning',
    on: 'webhook configuration',
    sentence: 'Something had cleared or changed the caBundle.',
    help: 'Let the tool that does it leave out `caBundle`.',
  },
} as const satisfies Record<string, Row>

export type EventReason = keyof typeof eventReasons
