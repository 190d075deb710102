import type { Log } from '../../../core/runtime/log.ts'
import type { Access } from '../api/access.ts'
import { exchange } from '../api/exchange.ts'
import type { Time } from '../api/time.ts'
import type { Usage } from '../watch/fleet.ts'
import { hostPort, nameOf, type Pod } from '../watch/objects.ts'
import { podsByHost } from './hosts.ts'
import { millisOf, readResources, usageOf, type Readings } from './resources.ts'
import { Rounds, type RoundsFigures } from './rounds.ts'

export interface KubeletOptions {
  /** Our access to the API server: kubelets take the same token, and are checked by the same authority. */
  access: Access
  /** Kubelets with self-signed certificates are believed, too. */
  insecure: boolean
  port: number
}

/** Asks a kubelet for /metrics/resource. The role needs nodes/metrics, and not nodes/proxy. */
export function kubeletReader(options: KubeletOptions): (host: string) => Promise<string> {
  const { access, insecure, port } = options
  const limits = { timeoutMs: 4000, maxBytes: 8 * 1024 * 1024 }
  return async host => {
    const at: Access = {
      async reach() {
        const { options: tls, headers } = await access.reach()
        const { headers: also = {}, ...trust } = tls
        const check = insecure ? { rejectUnauthorized: false } : {}
        return {
          server: `https://${hostPort(host, port)}`,
          options: { ...trust, ...check },
          headers: { ...(also as Record<string, string>), ...headers },
        }
      },
      refused: () => access.refused(),
    }
    const question = { method: 'GET', path: '/metrics/resource', query: {}, accept: 'text/plain' }
    const { status, text } = await exchange(at, question, limits)
    if (status !== 200) throw new Error(`answered ${status}: ${text.slice(0, 100)}`)
    return text
  }
}

interface Measured {
  usage: Usage
  millis: number | null
}

export interface UsageOptions {
  read: (host: string) => Promise<string>
  pods: () => readonly Pod[]
  log: Log
  time: Time
}

const words = {
  name: 'host',
  fails: 'a kubelet does not say what its pods use',
  again: 'a kubelet answers again',
  why: whyOf,
}

/** CPU and memory of the replicas' containers, from the kubelets that host them. */
export class UsageWatch {
  private readonly options: UsageOptions
  private readonly rounds: Rounds<Pod[], Measured>
  /** By host: CPU is what was used since the last ones. */
  private readonly readings = new Map<string, Readings>()

  constructor(options: UsageOptions) {
    this.options = options
    const { log, time } = options
    const ask = this.ask.bind(this)
    this.rounds = new Rounds({ whom: () => this.hosts(), ask, words, log, time })
  }

  start(): void {
    this.rounds.start()
  }

  stop(): void {
    this.rounds.stop()
  }

  look(): Promise<void> {
    return this.rounds.look()
  }

  /** Of namespace/pod; null when nothing new is known. */
  of(pod: string): Usage | null {
    const { usage } = this.rounds.of(pod) ?? {}
    const says = usage !== undefined && (usage.cpuPermille ?? usage.memoryPermille) !== null
    return says ? usage : null
  }

  /** CPU of its containers but the sidecar, in thousandths of a core; needs no limits to measure it against. */
  millisOf(pod: string): number | null {
    return this.rounds.of(pod)?.millis ?? null
  }

  figures(): RoundsFigures {
    return this.rounds.figures()
  }

  private hosts(): Map<string, Pod[]> {
    const hosts = podsByHost(this.options.pods())
    for (const host of this.readings.keys()) if (!hosts.has(host)) this.readings.delete(host)
    return hosts
  }

  private async ask(host: string, pods: readonly Pod[]): Promise<[string, Measured][]> {
    const now = readResources(await this.options.read(host))
    const before = this.readings.get(host) ?? new Map()
    this.readings.set(host, now)
    return pods.flatMap(pod => {
      const usage = usageOf(pod, before, now)
      const millis = millisOf(pod, before, now)
      const says = (usage.cpuPermille ?? usage.memoryPermille ?? millis) !== null
      return says ? [[nameOf(pod), { usage, millis }]] : []
    })
  }
}

/** A certificate that can't be checked is the usual cause: say what to do. */
function whyOf(said: string): string {
  return /certificate|self.signed|unable to verify|altnames/i.test(said)
    ? `${said}; kubelets often sign their own certificates: let the cluster sign them (serverTLSBootstrap), or set OUTRIGGER_KUBELETS=insecure`
    : said
}
