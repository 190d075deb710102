import { spawnSync } from 'node:child_process'
import { ctr } from '../machine/up.ts'
import type { Pod } from './cluster.ts'

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

/** Adds or removes a firewall rule: a partition between two addresses. */
export function iptables(...args: string[]): void {
  const { status, stderr } = spawnSync('iptables', ['-w', ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`iptables ${args.join(' ')}: ${stderr}`)
}
