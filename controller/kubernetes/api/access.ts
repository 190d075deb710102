import type { KubeConfig } from '@kubernetes/client-node'
import { readFileSync } from 'node:fs'
import type { RequestOptions } from 'node:https'

/** Where an API server is, and what to bring along: trust, a certificate, a token. */
export interface Reach {
  server: string
  options: RequestOptions
  headers: Record<string, string>
}

export interface Access {
  /** Asked before each request, because tokens and certificates rotate. */
  reach(): Promise<Reach>
  /** The server knows us no more (401). Gives whether the next reach() may bring something newer. */
  refused(): boolean
}

export const MOUNTED = '/var/run/secrets/kubernetes.io/serviceaccount'
/** As client-go does: a token lives for an hour and is renewed long before its end. */
const READ_EACH_MS = 60_000

/**
 * A pod's own access, read from its mounted service account. It needs none of @kubernetes/client-node, whose
 * import costs 80 MB and 250 ms.
 */
export function podAccess(
  host: string,
  port: string,
  folder: string = MOUNTED,
  nowMs: () => number = () => performance.now(),
): Access {
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  let read: { at: number; reach: Reach } | null = null
  return {
    async reach() {
      const now = nowMs()
      if (read === null || now - read.at >= READ_EACH_MS) {
        const token = readFileSync(`${folder}/token`, 'utf8').trim()
        const ca = readFileSync(`${folder}/ca.crt`)
        const headers = { authorization: `Bearer ${token}` }
        read = { at: now, reach: { server, options: { ca }, headers } }
      }
      return read.reach
    },
    refused() {
      read = null
      return true
    },
  }
}

/** Of a kubeconfig: contexts, client certificates, exec and OIDC credentials, proxies. */
export function configAccess(config: KubeConfig): Access {
  return {
    async reach() {
      const cluster = config.getCurrentCluster()
      if (cluster === null) {
        const context = config.getCurrentContext()
        throw new Error(`expected a kubeconfig whose current context has a cluster, got ${context}`)
      }
      const headers: Record<string, string> = {}
      const options: RequestOptions = { headers }
      await config.applyToHTTPSOptions(options)
      // Its agent keeps no connections; it is needed to go through a proxy only.
      if (cluster.proxyUrl === undefined) delete options.agent
      return { server: cluster.server, options, headers }
    },
    refused: () => false,
  }
}

/** Of KUBECONFIG or ~/.kube/config, loaded when it is first needed. */
export function defaultAccess(): Access {
  let loading: Promise<Access> | null = null
  async function load(): Promise<Access> {
    const { KubeConfig } = await import('@kubernetes/client-node')
    const config = new KubeConfig()
    config.loadFromDefault()
    return configAccess(config)
  }
  return {
    async reach() {
      loading ??= load()
      return (await loading).reach()
    },
    refused: () => false,
  }
}
