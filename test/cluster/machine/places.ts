import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where the test cluster of this machine keeps its things, and the addresses that it uses. */

/** Everything that a running cluster writes; removed by `make cluster-down`. */
export const state = '/tmp/outrigger-cluster'

/** Built once and kept outside the tree: a cold build takes minutes. */
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'outrigger')

export const kubeconfig = join(state, 'kubeconfig')

export const addresses = {
  /** The node's own link: pods and the host reach the API server, the kubelet and DNS here. */
  link: 'outrigger0',
  node: '10.244.0.1',
  pods: '10.244.0.0/16',
  podRange: '10.244.1.0/24',
  services: '10.96.0.0/16',
  apiService: '10.96.0.1',
} as const

export const nodeName = 'node-1'

/**
 * A binary: of KUBEBUILDER_ASSETS where it has one (as controller-runtime's envtest lays them out), else our own
 * build, else what the machine has.
 */
export function binary(name: string): string {
  const assets = process.env.KUBEBUILDER_ASSETS
  const folders = [...(assets ? [assets] : []), join(cache, 'bin')]
  return folders.map(folder => join(folder, name)).find(existsSync) ?? name
}
