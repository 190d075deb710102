import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../../../controller/record/line.ts'
import { state } from '../machine/places.ts'
import { running } from '../machine/processes.ts'
import { ctr } from '../machine/up.ts'
import type { Pod } from '../support/cluster.ts'

/** What only a test on the node itself can do: kill a container's process, freeze it, cut it off. */

/** The host's id of a container's first process. */
export function pidOf(pod: Pod, container: string): number {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status
  const found = [...containerStatuses, ...initContainerStatuses].find(
    ({ name }) => name === container,
  )
  const id = found?.containerID?.replace('containerd://', '')
  if (id === undefined) throw new Error(`${pod.metadata.name} runs no container ${container}`)
  const line = ctr(['-n', 'k8s.io', 'tasks', 'ls'])
    .split('\n')
    .find(each => each.startsWith(id))
  const pid = Number(line?.split(/\s+/)[1])
  if (!(pid > 1)) throw new Error(`no process of ${pod.metadata.name}/${container}`)
  return pid
}

export function signal(pod: Pod, container: string, name: NodeJS.Signals): void {
  process.kill(pidOf(pod, container), name)
}

/** Hashes of the records that a controller cut off from its log and kept, from its pod's volume on this node. */
export function forkHashes({ metadata }: Pod): string[] {
  const volumes = join(state, 'kubelet', 'pods', metadata.uid, 'volumes')
  return globSync(`${volumes}/*/*/controller/log/*.fork`)
    .flatMap(path => readFileSync(path, 'utf8').split('\n'))
    .filter(Boolean)
    .map(line => sha256(line))
}

/** A signal to a part of the cluster that runs as a process of this machine. */
export function signalPart(part: string, name: NodeJS.Signals): void {
  const pid = running(part)
  if (pid === null) throw new Error(`${part} does not run`)
  process.kill(pid, name)
}

/** Adds or removes a firewall rule: a partition between two addresses. */
export function iptables(...args: string[]): void {
  const { status, stderr } = spawnSync('iptables', ['-w', ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`iptables ${args.join(' ')}: ${stderr}`)
}
