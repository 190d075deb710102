import { revisionName } from '../../../core/model/names.ts'
import { ports } from '../../../core/model/ports.ts'
import { check } from '../../../core/model/schema.ts'
import type { PlatformReplica } from '../../../core/model/tables.ts'
import { NAMES } from './names.ts'
import { conditionOf, hostPort, timeOf, type ContainerStatus, type Pod } from './objects.ts'

type State = PlatformReplica['state']

/** Waiting for one of these ends only when somebody changes something. */
const STUCK = new Set([
  'CrashLoopBackOff',
  'ImagePullBackOff',
  'ErrImagePull',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
])
/** Every pod begins with these: they say nothing. */
const ORDINARY = new Set(['ContainerCreating', 'PodInitializing'])
/** The API's times are whole seconds, and status is written a moment after the start. */
const AT_START_MS = 3000
const LONGEST_WHY = 300

/** Ended for good (evicted, preempted, completed): its ReplicaSet has made another, so it is no replica. */
export function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded'
}

/** An injected pod as a replica. `firstReady` is when it was first seen ready (ms), where that is known. */
export function replicaOf(pod: Pod, firstReady: number | null): PlatformReplica {
  const { metadata, status } = pod
  const state = stateOf(pod, firstReady)
  const ip = status?.podIP
  const annotations = metadata.annotations ?? {}
  const port = (name: string, otherwise: number): number => {
    const given = Number(annotations[name])
    return Number.isInteger(given) && given > 0 && given < 65_536 ? given : otherwise
  }
  // Whoever makes pods may write what they like, and one row that no contract carries would spoil all tables.
  const revision = check(revisionName, annotations[NAMES.revision])
  const loopback = annotations[NAMES.mode] === 'loopback'
  const traffic = loopback ? port(NAMES.appPort, ports.traffic.port) : ports.traffic.port
  return {
    replica: metadata.name,
    revision: revision.ok ? revision.value : 'unknown',
    state,
    address: ip ? hostPort(ip, traffic) : null,
    admin: ip ? hostPort(ip, port(NAMES.adminPort, ports.admin.port)) : null,
    started: timeOf(metadata.creationTimestamp) ?? 0,
    ready: firstReady ?? readySince(pod),
    restarts: containersOf(pod).reduce((sum, each) => sum + (each.restartCount ?? 0), 0),
    why: state === 'ready' || state === 'draining' ? null : cut(whyOf(pod)),
  }
}

/** When the pod became ready, if it is. */
export function readySince({ status }: Pod): number | null {
  const ready = conditionOf(status?.conditions, 'Ready')
  return ready?.status === 'True' ? timeOf(ready.lastTransitionTime) : null
}

function stateOf(pod: Pod, firstReady: number | null): State {
  if (pod.metadata.deletionTimestamp !== undefined) return 'draining'
  if (hasEnded(pod)) return 'failed'
  const ready = conditionOf(pod.status?.conditions, 'Ready')
  if (ready?.status === 'True') return 'ready'
  if (containersOf(pod).some(({ state }) => STUCK.has(state?.waiting?.reason ?? '')))
    return 'failed'
  return firstReady !== null || wasReady(pod) ? 'not-ready' : 'starting'
}

/** "Not ready" that was set long after the start took the place of "ready": known after our own restart, too. */
function wasReady({ status }: Pod): boolean {
  const since = timeOf(conditionOf(status?.conditions, 'Ready')?.lastTransitionTime)
  const started = timeOf(status?.startTime)
  return since !== null && started !== null && since > started + AT_START_MS
}

function containersOf({ status }: Pod): ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
}

/** Why it is not ready: the nearest cause first. */
function whyOf(pod: Pod): string {
  const { status } = pod
  if (hasEnded(pod)) return ended(status?.reason ?? status?.phase ?? '', status?.message)
  const scheduled = conditionOf(status?.conditions, 'PodScheduled')
  if (scheduled?.status === 'False')
    return ended(scheduled.reason ?? 'not scheduled', scheduled.message)
  const waiting = containersOf(pod)
    .map(waits)
    .filter(words => words !== null)
  if (waiting.length > 0) return waiting.join('; ')
  const notReady = containersOf(pod).filter(each => each.ready === false)
  const names = notReady.map(each => each.name).join(', ')
  const last = notReady.map(died).find(words => words !== '') ?? ''
  if (names !== '' && status?.phase === 'Running') return `not ready: ${names}${last}`
  const ready = conditionOf(status?.conditions, 'Ready')
  return ready?.message ?? (status?.phase === 'Running' ? 'not ready' : 'starting')
}

function waits(each: ContainerStatus): string | null {
  const { waiting, terminated } = each.state ?? {}
  if (waiting !== undefined) {
    const reason = waiting.reason ?? 'waiting'
    if (ORDINARY.has(reason)) return null
    return `${each.name}: ${ended(reason, waiting.message)}${died(each)}`
  }
  // A plain init container that is done is no cause.
  if (terminated === undefined || terminated.exitCode === 0) return null
  return `${each.name}: ended (${terminated.reason ?? 'Error'}, exit code ${terminated.exitCode})`
}

function died({ lastState }: ContainerStatus): string {
  const last = lastState?.terminated
  if (last === undefined) return ''
  return `; it last ended with ${last.reason ?? 'Error'} (exit code ${last.exitCode ?? '?'})`
}

function ended(reason: string, message: string | undefined): string {
  return message === undefined || message === '' ? reason : `${reason}: ${message}`
}

export function cut(words: string): string {
  const line = words.replaceAll(/\s+/g, ' ').trim()
  return line.length > LONGEST_WHY ? `${line.slice(0, LONGEST_WHY - 3)}...` : line
}
