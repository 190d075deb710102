import { sentence, type Issue } from '../../../core/model/schema.ts'
import type { Injecting } from './context.ts'
import { graceOf } from './drain.ts'
import { probedPaths, throughSidecar } from './health.ts'
import type { PodSpec, Resources } from './pod.ts'
import { nanos } from './quantity.ts'
import { targetsOf } from './services.ts'
import { sharesResources } from './sidecar.ts'
import type { Plan } from './verdict.ts'
import { reason, type Reason } from './words.ts'

/** What a person should know of a pod that is injected: the answer itself, warnings, notes. */
export function notesOn(plan: Plan, context: Injecting): Reason[] {
  const { facts, container, port } = plan
  return [
    reason('injected', { mode: facts.asked.mode, port: port.number, container: container.name }),
    ...pastTheSidecar(plan, context),
    ...ending(plan),
    ...probing(plan),
    ...classOf(plan, context),
    ...shared(plan),
    ...meshed(plan),
  ]
}

/** More of a kind are noise. */
const MOST_DOUBTS = 10

const MOST_SERVICES = 10

/** Of annotations that change nothing about the injection. */
export function doubtsOf({ asked }: Plan['facts']): Reason[] {
  const said = (code: 'unknown-annotation' | 'bad-setting', issues: readonly Issue[]): Reason[] =>
    issues.slice(0, MOST_DOUBTS).map(issue => reason(code, { issue: sentence(issue) }))
  return [...said('unknown-annotation', asked.unknown), ...said('bad-setting', asked.badSettings)]
}

function pastTheSidecar({ facts, port, servedAs }: Plan, { services = [] }: Injecting): Reason[] {
  const { asked, pod } = facts
  if (asked.mode === 'loopback') return []
  const { number, name, hostPort } = port
  const numeric = asked.rewritesService
    ? []
    : targetsOf(services, pod, port).filter(({ byNumber }) => byNumber)
  return [
    ...(name === null ? [reason('unnamed-port', { port: number, name: servedAs })] : []),
    ...numeric
      .slice(0, MOST_SERVICES)
      .map(({ name: service }) =>
        reason('numeric-target-port', { service, port: number, name: servedAs }),
      ),
    ...(hostPort === null || hostPort === 0 ? [] : [reason('host-port', { hostPort })]),
  ]
}

function ending({ facts, container }: Plan): Reason[] {
  const from = facts.pod.spec.terminationGracePeriodSeconds
  const to = graceOf(from)
  return [
    ...(container.lifecycle?.preStop
      ? [reason('own-pre-stop', { container: container.name })]
      : []),
    ...(from === null || from === undefined || from === to
      ? []
      : [reason('grace-raised', { from, to })]),
  ]
}

function probing(plan: Plan): Reason[] {
  const paths = probedPaths(plan)
  return [
    ...throughSidecar(plan)
      .filter(({ use }) => use.kind === 'tcpSocket')
      .map(({ container, use }) =>
        reason('tcp-probe', { probe: use.what, container: container.name }),
      ),
    ...throughSidecar(plan)
      .filter(({ use }) => use.kind === 'grpc')
      .map(({ container, use }) =>
        reason('grpc-probe-through', { probe: use.what, container: container.name }),
      ),
    ...(paths.length === 0 ? [] : [reason('probe-through', { paths: paths.join(', ') })]),
  ]
}

function classOf(plan: Plan, context: Injecting): Reason[] {
  if (sharesResources(plan)) return [reason('pod-resources')]
  const lost = isGuaranteed(plan.facts.pod.spec) && !hasOwnLimits(context.resources)
  return lost ? [reason('class-changed')] : []
}

function isGuaranteed({ containers, initContainers }: PodSpec): boolean {
  return [...containers, ...(initContainers ?? [])].every(({ resources }) =>
    hasOwnLimits(resources),
  )
}

/** CPU and memory are limited, and requested in full: a request that is not given is the limit. */
function hasOwnLimits(resources: Resources | null | undefined): boolean {
  const { limits, requests } = resources ?? {}
  return ['cpu', 'memory'].every(name => {
    const limit = nanos(limits?.[name])
    return limit !== null && limit > 0n && nanos(requests?.[name] ?? limits?.[name]) === limit
  })
}

function shared({ facts: { asked, pod } }: Plan): Reason[] {
  return asked.shareProcesses && pod.spec.hostPID === true ? [reason('processes-not-shared')] : []
}

function meshed({ facts: { mesh } }: Plan): Reason[] {
  return mesh === null ? [] : [reason('mesh', { mesh: mesh === 'istio' ? 'Istio' : 'Linkerd' })]
}
