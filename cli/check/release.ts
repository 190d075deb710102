import { conditionOf, type Pod } from '../../controller/kubernetes/watch/objects.ts'
import { replicaOf } from '../../controller/kubernetes/watch/pod.ts'
import type { LeaseObject } from '../../controller/kubernetes/api/lease-record.ts'
import { clusterWay } from '../cluster-way.ts'
import { NOT_ALLOWED } from '../cluster-words.ts'
import { ask } from '../way.ts'
import {
  few,
  fine,
  ifKnown,
  known,
  many,
  orFine,
  unknown,
  wrong,
  type Finding,
  type Known,
} from './finding.ts'
import type { Scene } from './scene.ts'

/** Does the release run? */
export interface ReleaseFacts {
  release: string
  /** Of the chart, and of this command. */
  versions: { installed: string; own: string }
  pods: Known<OwnPod[]>
  lease: Known<LeaseObject>
  /** ms since 1970 by the API server. */
  now: number
  /** What the leader says of itself; null: it works as it should. */
  unready: Known<string | null>
}

type OwnPod = Omit<Pod, 'spec'> & { spec?: { containers?: { name: string; image?: string }[] } }

const COMPONENTS = ['controller', 'aggregator', 'edge']
const COMPONENT = 'app.kubernetes.io/component'
const LEADER = 'outrigger.dev/leader'

export async function gatherRelease(scene: Scene, own: string): Promise<ReleaseFacts> {
  const { cluster, release, installed } = scene
  const { kube } = cluster
  const labelSelector = 'app.kubernetes.io/name=outrigger'
  const path = `/apis/coordination.k8s.io/v1/namespaces/${release}/leases/outrigger-controller`
  const [pods, lease, unready] = await Promise.all([
    known(
      kube
        .list<OwnPod>(`/api/v1/namespaces/${release}/pods`, { labelSelector })
        .then(({ items }) => items),
    ),
    known(kube.get<LeaseObject>(path)),
    known(unreadyOf(scene)),
  ])
  const versions = { installed: installed?.version ?? '', own }
  return { release, versions, pods, lease, now: scene.serverTime ?? scene.time, unready }
}

async function unreadyOf({ cluster, release }: Scene): Promise<string | null> {
  const way = await clusterWay(cluster, release)
  const answer = (await ask(way, 'GET', '/v1/endpoints')) as { unready: string | null }
  return answer.unready
}

export function judgeRelease(facts: ReleaseFacts): Finding[] {
  const { release, pods, lease, unready } = facts
  return [
    ...ifKnown('pods', pods, all => podFindings(release, all)),
    ...ifKnown('images', pods, imageFindings),
    versionFinding(facts.versions),
    ...ifKnown('lease', lease, found => [
      leaseFinding(found, 'value' in pods ? pods.value : [], facts.now),
    ]),
    leaderFinding(release, unready),
  ]
}

function leaderFinding(release: string, unready: ReleaseFacts['unready']): Finding {
  if ('value' in unready) {
    return unready.value === null
      ? fine('controller', 'It answers, and works as it should.', release)
      : wrong('controller', 'failure', release, sentence(unready.value))
  }
  // Who may not ask does not know.
  if (unready.why.startsWith(NOT_ALLOWED)) return unknown('controller', unready.why, release)
  return wrong('controller', 'failure', release, unready.why)
}

function podFindings(release: string, all: readonly OwnPod[]): Finding[] {
  const pods = all.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const absent = COMPONENTS.filter(
    component => !pods.some(({ metadata }) => metadata.labels?.[COMPONENT] === component),
  ).map(component => {
    const about = `${release}/outrigger-${component}`
    // The chart can leave edges out.
    if (component === 'edge') return fine('pods', 'There are no edges.', about)
    const fix = `See \`kubectl -n ${release} get events\`: why no pod of it is made stands there.`
    return wrong('pods', 'failure', about, 'There is no pod of it.', fix)
  })
  const unready = pods.flatMap(pod => {
    if (conditionOf(pod.status?.conditions, 'Ready')?.status === 'True') return []
    const about = `${release}/${pod.metadata.name}`
    const { conditions = [], phase } = pod.status ?? {}
    if (conditions.length === 0 && phase === 'Pending') {
      const fix = 'See whether kube-scheduler runs.'
      return [wrong('pods', 'failure', about, 'No scheduler has looked at it.', fix)]
    }
    return [wrong('pods', 'failure', about, sentence(replicaOf(pod, null).why ?? 'not ready'))]
  })
  const restarts = pods.flatMap(pod => {
    const count = replicaOf(pod, null).restarts
    const about = `${release}/${pod.metadata.name}`
    return count < 5 ? [] : [wrong('pods', 'warning', about, `It was restarted ${count} times.`)]
  })
  return orFine(
    [...absent.filter(({ level }) => level !== 'ok'), ...unready, ...restarts],
    'pods',
    `Ready: ${many(pods.length, 'pod')}.`,
  )
}

function imageFindings(pods: readonly OwnPod[]): Finding[] {
  const images = new Set(
    pods.flatMap(pod => (pod.spec?.containers ?? []).map(({ image = '' }) => image)),
  )
  const words = `${few([...images].toSorted())}.`
  return [
    images.size <= 1 ? fine('images', words) : wrong('images', 'warning', '', `They have ${words}`),
  ]
}

function versionFinding({ installed, own }: ReleaseFacts['versions']): Finding {
  const words = `The release is ${installed === '' ? 'of an unknown version' : installed}, this command ${own}.`
  const [a, b] = [numbersOf(installed), numbersOf(own)]
  const near = a !== null && b !== null && a.major === b.major && Math.abs(a.minor - b.minor) <= 2
  return near ? fine('version', words) : wrong('version', 'warning', '', words)
}

function numbersOf(version: string): { major: number; minor: number } | null {
  const [, major, minor] = /^v?(\d+)\.(\d+)\./.exec(version) ?? []
  return major === undefined ? null : { major: Number(major), minor: Number(minor) }
}

function leaseFinding({ spec }: LeaseObject, pods: readonly OwnPod[], now: number): Finding {
  const holder = spec?.holderIdentity ?? ''
  const pod = holder.slice(0, Math.max(0, holder.lastIndexOf('_')))
  if (holder === '') return wrong('lease', 'failure', '', 'Nobody holds it.')
  const age = Math.max(0, now - Date.parse(spec?.renewTime ?? ''))
  const seconds = spec?.leaseDurationSeconds ?? 15
  const last = `${Math.round(age / 1000)} s ago`
  if (!(age <= seconds * 1000))
    return wrong('lease', 'failure', '', `${pod} holds it and renewed it ${last}.`)
  const labelled = pods.filter(({ metadata }) => metadata.labels?.[LEADER] === 'true')
  const named = labelled.map(({ metadata }) => metadata.name)
  if (pods.length > 0 && (named.length !== 1 || named[0] !== pod)) {
    const words = `${pod} holds it, and the Service leads to ${named.length === 0 ? 'nobody' : few(named)}.`
    return wrong('lease', 'failure', '', words)
  }
  return fine('lease', `${pod} holds it, and renewed it ${last}.`)
}

function sentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`
}
