import { fine, ifKnown, known, many, unknown, wrong, type Finding, type Known } from './finding.ts'
import type { Scene } from './scene.ts'

/** Do all tell the same time? The API server's is the measure. */
export interface ClocksFacts {
  serverTime: number | null
  time: number
  /** Of each node, by its kubelet. */
  nodes: Known<Renewed[]>
  /** By the controller that leads; null before an installation. */
  controller: Known<Renewed> | null
}

interface Renewed {
  name: string
  /** ms since 1970. */
  at: number
}

interface LeaseLike {
  metadata: { name: string }
  spec?: { renewTime?: string; holderIdentity?: string }
}

/** More than a heartbeat and its way. */
const AHEAD_MS = 3000
/** Kubelets renew every 10 s, and a node is given up after 40 s. */
const NODE_BEHIND_MS = 60_000
const CONTROLLER_BEHIND_MS = 15_000
const OWN_MS = 5000

export async function gatherClocks(scene: Scene): Promise<ClocksFacts> {
  const { cluster, release, installed, serverTime, time } = scene
  const group = '/apis/coordination.k8s.io/v1/namespaces'
  const renewed = ({ metadata, spec }: LeaseLike): Renewed => ({
    name: metadata.name,
    at: Date.parse(spec?.renewTime ?? ''),
  })
  const [nodes, controller] = await Promise.all([
    known(
      cluster.kube
        .list<LeaseLike>(`${group}/kube-node-lease/leases`)
        .then(({ items }) => items.map(renewed).filter(({ at }) => !Number.isNaN(at))),
    ),
    installed === null
      ? null
      : known(
          cluster.kube
            .get<LeaseLike>(`${group}/${release}/leases/outrigger-controller`)
            .then(lease => ({
              ...renewed(lease),
              name: (lease.spec?.holderIdentity ?? 'nobody').replace(/_[^_]*$/, ''),
            })),
        ),
  ])
  return { serverTime, time, nodes, controller }
}

export function judgeClocks({ serverTime, time, nodes, controller }: ClocksFacts): Finding[] {
  if (serverTime === null) return [unknown('clock-own', 'the API server tells no time')]
  // It was read while the others were asked: what was renewed meanwhile is no clock that is ahead.
  const skew = (at: number): number => at - serverTime
  return [
    ownFinding(time - serverTime),
    ...ifKnown('clock-nodes', nodes, all => nodeFindings(all, skew)),
    ...(controller === null
      ? []
      : ifKnown('clock-controller', controller, ({ name, at }) =>
          // One that was never renewed is said by the check of the lease.
          Number.isNaN(at)
            ? []
            : [renewalFinding('clock-controller', name, skew(at), CONTROLLER_BEHIND_MS)],
        )),
  ]
}

function ownFinding(ms: number): Finding {
  const words = `This machine's clock is ${secondsOf(ms)}.`
  return Math.abs(ms) <= OWN_MS
    ? fine('clock-own', words)
    : wrong('clock-own', 'warning', '', words)
}

function nodeFindings(all: readonly Renewed[], skew: (at: number) => number): Finding[] {
  const findings = all.map(({ name, at }) =>
    renewalFinding('clock-nodes', name, skew(at), NODE_BEHIND_MS),
  )
  const bad = findings.filter(({ level }) => level !== 'ok')
  return bad.length > 0 ? bad : [fine('clock-nodes', `They agree: ${many(all.length, 'node')}.`)]
}

/** A clock that is behind looks like one who renews late: only much of it says something. */
function renewalFinding(
  check: 'clock-nodes' | 'clock-controller',
  name: string,
  ms: number,
  behind: number,
): Finding {
  if (ms > AHEAD_MS) return wrong(check, 'failure', name, `Its clock is ${secondsOf(ms)}.`)
  if (ms < -behind) {
    const words = `Its clock is ${secondsOf(ms)}, or it has not renewed its lease since.`
    return wrong(check, 'warning', name, words)
  }
  return fine(check, 'Its clock agrees.', name)
}

function secondsOf(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000)
  return seconds === 0 ? 'right' : `${seconds} s ${ms > 0 ? 'ahead' : 'behind'}`
}
