import type { KubeConfig } from '@kubernetes/client-node'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { clusterEnvironment } from '../controller/config.ts'
import { configAccess, MOUNTED, type Access } from '../controller/kubernetes/api/access.ts'
import { kubeWith, type Kube } from '../controller/kubernetes/api/client.ts'
import { wordsOfError } from '../core/runtime/log.ts'
import { Failure } from './command.ts'
import { exit } from './exit.ts'

/** A cluster, as a person's kubeconfig names it. */
export interface Cluster {
  /** For people. */
  name: string
  /** Of the context. */
  namespace: string
  access: Access
  kube: Kube
}

/** Whether there is anything that names a cluster. */
export function knowsCluster(): boolean {
  const { kubeconfig } = clusterEnvironment()
  return (
    kubeconfig !== '' ||
    existsSync(join(homedir(), '.kube', 'config')) ||
    existsSync(`${MOUNTED}/token`)
  )
}

/** Of KUBECONFIG, ~/.kube/config, or the pod that this is. Throws Failure. */
export async function openCluster(context: string | undefined): Promise<Cluster> {
  if (!knowsCluster()) {
    const words =
      'No cluster is known: KUBECONFIG is not set, and there is no ~/.kube/config. Set KUBECONFIG to the kubeconfig of your cluster.'
    throw new Failure(exit.unreachable.code, words)
  }
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  try {
    config.loadFromDefault()
  } catch (error) {
    const words = `The kubeconfig can't be read: ${wordsOfError(error)}. Mend it, or set KUBECONFIG to another.`
    throw new Failure(exit.badInput.code, words)
  }
  return clusterOf(config, context)
}

function clusterOf(config: KubeConfig, context: string | undefined): Cluster {
  if (context !== undefined) config.setCurrentContext(context)
  const current = config.getCurrentContext()
  const found = config.getContextObject(current)
  const cluster = config.getCurrentCluster()
  if (found === null || cluster === null) {
    const names = config.getContexts().map(({ name }) => name)
    const known = names.length === 0 ? 'It has none' : `It has ${names.join(', ')}`
    const words = `The kubeconfig has no context '${current}' with a cluster. ${known}: name one with --context.`
    throw new Failure(exit.badInput.code, words)
  }
  const access = configAccess(config)
  return {
    name: current,
    namespace: found.namespace ?? 'default',
    access,
    kube: kubeWith(access, { timeoutMs: 15_000 }),
  }
}
