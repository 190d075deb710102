/**
 * Everything that the injector may say about a pod, once; docs/injection.md has this table. {names} are filled
 * from what was found. `skipped`: the pod stays as it is. `warning`: it is injected, and a person should know.
 */
type Level = 'injected' | 'already' | 'skipped' | 'warning' | 'note'

interface Entry {
  level: Level
  sentence: string
  /** What a person can do about it, or why it is so. */
  help: string
}

export const words = {
  injected: {
    level: 'injected',
    sentence:
      'Injected in mode {mode}: the sidecar stands before port {port} of container {container}.',
    help: '',
  },
  already: {
    level: 'already',
    sentence: 'The sidecar is in the pod already.',
    help: 'Asked twice (reinvocation), or injected offline: nothing is changed.',
  },

  'not-asked': {
    level: 'skipped',
    sentence: 'No annotation outrigger.dev/inject: "true" on the pod.',
    help: 'It belongs on the pod template, not on the Deployment itself.',
  },
  malformed: {
    level: 'skipped',
    sentence: 'This is no pod as Kubernetes knows it: {issue}.',
    help: 'Said at most five times; the API server would refuse the pod as well.',
  },
  'bad-annotation': {
    level: 'skipped',
    sentence: 'An annotation is wrong: {issue}.',
    help: 'A wrong value never breaks a pod: it runs without the sidecar until the value is right.',
  },
  'excluded-namespace': {
    level: 'skipped',
    sentence: 'Namespace {namespace} is excluded from injection.',
    help: 'kube-system and the namespace of Outrigger itself always are.',
  },
  'no-deployment': {
    level: 'skipped',
    sentence: 'The pod is not of a Deployment but of {owner}.',
    help: 'Replicas are scaled through Deployments; nothing else is one endpoint of equal replicas.',
  },
  job: {
    level: 'skipped',
    sentence: 'The pod is of {owner}, which ends by itself and is not scaled.',
    help: 'Serve the model from a Deployment.',
  },
  'endpoint-name': {
    level: 'skipped',
    sentence: 'No endpoint can have the name of this Deployment: expected {expected}, got {got}.',
    help: 'Namespace and name may have 63 characters each.',
  },
  'too-old': {
    level: 'skipped',
    sentence: 'Mode {mode} needs Kubernetes 1.{needed}, this is 1.{got}.',
    help: 'Native sidecars came with 1.29; Services see their named ports (mode rename) from 1.33 on.',
  },
  'host-network': {
    level: 'skipped',
    sentence:
      'The pod uses the network of its node (hostNetwork), where its ports belong to everyone.',
    help: 'Remove hostNetwork: true.',
  },
  windows: {
    level: 'skipped',
    sentence: 'The pod is for Windows, the sidecar is not.',
    help: '',
  },
  'name-taken': {
    level: 'skipped',
    sentence: 'The name {name} is taken by a {what} of the pod.',
    help: 'Call yours something else: the sidecar, its volume and its ports need these names.',
  },
  'port-taken': {
    level: 'skipped',
    sentence: 'Container {container} has port {port}, on which the sidecar listens.',
    help: 'See docs/ports.md; move yours.',
  },
  'no-port': {
    level: 'skipped',
    sentence: 'No container of the pod says on which port the model listens.',
    help: 'Declare it (ports: containerPort), or name it: outrigger.dev/port: "8080".',
  },
  'several-ports': {
    level: 'skipped',
    sentence:
      'The pod has several ports ({ports}), and not exactly one is called http or, failing that, grpc.',
    help: "Name the model's: outrigger.dev/port, and outrigger.dev/container where containers differ.",
  },
  'unknown-port': {
    level: 'skipped',
    sentence: 'No port is called {port}; those with a name are: {ports}.',
    help: 'outrigger.dev/port takes the name or the number of a container port.',
  },
  'unknown-container': {
    level: 'skipped',
    sentence: 'No container is called {container}: expected one of {containers}.',
    help: 'outrigger.dev/container names a container of the pod, not an init container.',
  },
  'several-containers': {
    level: 'skipped',
    sentence: 'Port {port} is not declared, and the pod has several containers ({containers}).',
    help: "Name the model's with outrigger.dev/container, or declare the port in it.",
  },
  'shared-port-name': {
    level: 'skipped',
    sentence:
      'Port name {port} is used by containers {containers}, so a Service would find the wrong one.',
    help: 'Give each port its own name, or use outrigger.dev/mode: loopback.',
  },
  'udp-port': {
    level: 'skipped',
    sentence: 'Port {port} is {protocol}, and the sidecar speaks HTTP over TCP.',
    help: 'Name another one with outrigger.dev/port.',
  },
  'tls-port': {
    level: 'skipped',
    sentence: 'Port {port} speaks TLS by {why}, which the sidecar cannot read.',
    help: 'Let the model speak plain HTTP and end TLS before it (a mesh does); if it is plain, say outrigger.dev/protocol: http (or grpc).',
  },
  'mesh-rules': {
    level: 'skipped',
    sentence:
      'Istio guards ports {ports} of the sidecar: under strict mTLS the kubelet could not ask whether it is ready.',
    help: 'Put `traffic.sidecar.istio.io/excludeInboundPorts: "15081,15082"` on the pod template. Istio has been asked before Outrigger here, so Outrigger cannot add it in time.',
  },

  'unnamed-port': {
    level: 'warning',
    sentence:
      'Port {port} has no name: Services reach it by number, past the sidecar, until they name {name}.',
    help: 'Name the container port and let the targetPort of the Service be that name; or mode loopback.',
  },
  'numeric-target-port': {
    level: 'warning',
    sentence:
      'Service {service} sends to port {port} by number, past the sidecar: let its targetPort be {name}.',
    help: 'Or have it done: outrigger.dev/service: rewrite on the Deployment; or use mode loopback.',
  },
  'host-port': {
    level: 'warning',
    sentence: 'What comes by host port {hostPort} reaches the model past the sidecar.',
    help: 'Use a Service, or mode loopback.',
  },
  'own-pre-stop': {
    level: 'warning',
    sentence:
      'Container {container} has its own preStop hook, which stays: requests may be lost when the pod ends before it is drained.',
    help: 'Without a hook of its own the model is stopped when the sidecar has no request left. A sleep of 5 s or more in yours is nearly as good.',
  },
  'tcp-probe': {
    level: 'warning',
    sentence:
      'The {probe} of container {container} opens a connection, which in mode loopback the sidecar accepts whether the model is well or not.',
    help: 'Use an httpGet or exec probe.',
  },
  'class-changed': {
    level: 'warning',
    sentence: 'The pod was of class Guaranteed; with the sidecar it is Burstable.',
    help: 'Static CPU pinning needs Guaranteed: give the sidecar limits equal to its requests (values of the chart).',
  },
  'processes-not-shared': {
    level: 'warning',
    sentence: 'outrigger.dev/share-processes is left out because the pod has hostPID.',
    help: 'Kubernetes allows only one of them.',
  },
  'unknown-annotation': {
    level: 'warning',
    sentence: '{issue}.',
    help: 'Left alone; a slip of the pen would otherwise go unseen.',
  },
  'bad-setting': {
    level: 'warning',
    sentence: 'A setting is wrong and not used: {issue}.',
    help: 'The last good settings stay in force, or the defaults. See docs/settings.md.',
  },

  'grace-raised': {
    level: 'note',
    sentence:
      'The grace period is raised from {from} s to {to} s, so that the model can finish its requests.',
    help: 'terminationGracePeriodSeconds; a pod that is drained sooner ends sooner.',
  },
  'probe-through': {
    level: 'note',
    sentence:
      'Probes of the model come through the sidecar: GET {paths} takes no slot and is not demand.',
    help: 'Mode loopback: the address of the pod is the sidecar.',
  },
  'grpc-probe-through': {
    level: 'note',
    sentence:
      'The {probe} of container {container} comes through the sidecar: grpc.health.v1.Health takes no slot and is not demand.',
    help: 'Mode loopback: the address of the pod is the sidecar. In mode rename the kubelet asks the model itself.',
  },
  'pod-resources': {
    level: 'note',
    sentence:
      "The pod's resources are given as a whole, so the sidecar has none of its own and shares them.",
    help: 'Requests of containers may not exceed those of the pod.',
  },
  mesh: {
    level: 'note',
    sentence: 'A sidecar of {mesh} stands before ours: it ends mTLS, ours sees plain HTTP.',
    help: 'Admin and metrics are on 15081 and 15082 beside Istio, whose agent has 15021 and 15020.',
  },
} as const satisfies Record<string, Entry>

export type Code = keyof typeof words

export interface Reason {
  code: Code
  sentence: string
}

export function levelOf(code: Code): Level {
  return words[code].level
}

/** A list of names may be as long as a pod. */
const LONGEST_VALUE = 500

export function reason(code: Code, found: Readonly<Record<string, string | number>> = {}): Reason {
  const sentence = words[code].sentence.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(found, name) ? cut(String(found[name])) : whole,
  )
  return { code, sentence }
}

function cut(text: string): string {
  return text.length > LONGEST_VALUE
    ? `${text.slice(0, LONGEST_VALUE - 3).toWellFormed()}...`
    : text
}
