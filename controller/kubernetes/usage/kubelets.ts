import { wordsOfError, type Log } from '../../../core/runtime/log.ts'
import type { Access } from '../api/access.ts'
import { exchange } from '../api/exchange.ts'
import type { Time } from '../api/time.ts'
import { each } from '../act/each.ts'
import type { Usage } from '../watch/fleet.ts'
import { hostPort, nameOf, type Pod } from '../watch/objects.ts'
import { hasEnded } from '../watch/pod.ts'
import { millisOf, readResources, usageOf, type Readings } from './resources.ts'

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

const EVERY_MS = 5000
/** A kubelet that fails is left out for so long at most. */
const LONGEST_REST_MS = 60_000
/** Use that was measured longer ago is none. */
const STALE_MS = 20_000
const AT_ONCE = 16

interface Host {
  readings: Readings
  failures: number
  restUntil: number
}

interface Known {
  usage: Usage
  millis: number | null
  at: number
}

export interface UsageOptions {
  read: (host: string) => Promise<string>
  pods: () => readonly Pod[]
  log: Log
  time: Time
}

/** CPU and memory of the replicas' containers, each five seconds, from the kubelets that host them. */
export class UsageWatch {
  private readonly options: UsageOptions
  private readonly hosts = new Map<string, Host>()
  private readonly known = new Map<string, Known>()
  private readonly count = { scrapes: 0, failures: 0 }
  private stopped = false
  private cancel = (): void => undefined

  constructor(options: UsageOptions) {
    this.options = options
  }

  start(): void {
    void this.round()
  }

  stop(): void {
    this.stopped = true
    this.cancel()
  }

  /** Of namespace/pod; null when nothing new is known. */
  of(pod: string): Usage | null {
    const { usage } = this.fresh(pod) ?? {}
    const says = usage !== undefined && (usage.cpuPermille ?? usage.memoryPermille) !== null
    return says ? usage : null
  }

  /** CPU of its containers but the sidecar, in thousandths of a core; needs no limits to measure it against. */
  millisOf(pod: string): number | null {
    return this.fresh(pod)?.millis ?? null
  }

  figures(): { hosts: number; replicas: number; scrapes: number; failures: number } {
    return { hosts: this.hosts.size, replicas: this.known.size, ...this.count }
  }

  private fresh(pod: string): Known | null {
    const known = this.known.get(pod)
    return known !== undefined && this.options.time.now() - known.at < STALE_MS ? known : null
  }

  private async round(): Promise<void> {
    const { time } = this.options
    const began = time.now()
    await this.look()
    if (this.stopped) return
    this.cancel = time.after(Math.max(0, began + EVERY_MS - time.now()), () => void this.round())
  }

  /** One look at every host of a replica. */
  async look(): Promise<void> {
    const byHost = new Map<string, Pod[]>()
    const present = new Set<string>()
    for (const pod of this.options.pods()) {
      const host = pod.status?.hostIP
      if (!host || hasEnded(pod)) continue
      present.add(nameOf(pod))
      byHost.set(host, [...(byHost.get(host) ?? []), pod])
    }
    for (const host of this.hosts.keys()) if (!byHost.has(host)) this.hosts.delete(host)
    for (const name of this.known.keys()) if (!present.has(name)) this.known.delete(name)
    await each([...byHost], ([host, pods]) => this.ask(host, pods), AT_ONCE)
  }

  private async ask(host: string, pods: readonly Pod[]): Promise<void> {
    const { read, time, log } = this.options
    const of = this.hosts.get(host) ?? { readings: new Map(), failures: 0, restUntil: -Infinity }
    this.hosts.set(host, of)
    if (this.stopped || time.now() < of.restUntil) return
    this.count.scrapes++
    try {
      const now = readResources(await read(host))
      if (of.failures > 0) log('info', 'a kubelet answers again', { host })
      of.failures = 0
      for (const pod of pods) {
        const usage = usageOf(pod, of.readings, now)
        const millis = millisOf(pod, of.readings, now)
        if ((usage.cpuPermille ?? usage.memoryPermille ?? millis) !== null)
          this.known.set(nameOf(pod), { usage, millis, at: time.now() })
      }
      of.readings = now
    } catch (error) {
      this.count.failures++
      if (of.failures++ === 0)
        log('warn', 'a kubelet does not say what its pods use', { host, why: whyOf(error) })
      of.restUntil = time.now() + Math.min(LONGEST_REST_MS, EVERY_MS * 2 ** (of.failures - 1))
    }
  }
}

/** A certificate that can't be checked is the usual cause: say what to do. */
function whyOf(error: unknown): string {
  const words = wordsOfError(error)
  return /certificate|self.signed|unable to verify|altnames/i.test(words)
    ? `${words}; kubelets often sign their own certificates: let the cluster sign them (serverTLSBootstrap), or set OUTRIGGER_KUBELETS=insecure`
    : words
}
