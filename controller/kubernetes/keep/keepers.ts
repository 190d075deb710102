import { wordsOfError, type Log } from '../../../core/runtime/log.ts'
import type { Kube } from '../api/client.ts'
import { statusOf } from '../api/error.ts'
import type { Time } from '../api/time.ts'
import { nameOf, type Deployment, type Pod } from '../watch/objects.ts'
import type { Says } from '../webhook/tell.ts'
import type { EventReason } from '../event-reasons.ts'
import { bypassed, type Traffic } from './bypass.ts'
import { missing, suspects, type Finding, type WouldInject } from './missing.ts'
import { findings, type Service, type ServiceFinding } from './service.ts'
import { equalities, mayBypass, reasonOf, Rewriter, telling } from './services.ts'
import { Waker } from './waker.ts'

export interface KeeperSources {
  kube: Kube
  /** Of the namespaces that are looked after, as far as they are known. */
  services(): readonly Service[]
  /** Of endpoints, as a cache has them: without their template's spec. */
  deployments(): readonly Deployment[]
  /** Injected pods of an endpoint. */
  pods(endpoint: string): readonly Pod[]
  traffic(pod: Pod): Traffic | null
  wouldInject: WouldInject
  /** Name of the injecting webhook, as it is registered. */
  webhook: string
  /** Whether this controller holds the lease: asked before each one that is looked at. */
  held(): boolean
  events: Says
  log: Log
  time: Time
  /** UTC in ms since 1970. */
  utc(): number
}

export interface KeeperNumbers {
  /** Of the newest pass, by reason. */
  findings: Record<string, number>
  rewritten: number
  woken: number
  failed: number
}

const EVERY_MS = 60_000
/** After the webhook is there, Services find it within seconds: what is stuck is looked for soon, and again. */
const AFTER_READY_MS = [1000, 5000, 15_000]
/** So many endpoints are asked about at a time; the others in the next passes. */
const MOST_ASKED = 20

/**
 * Looks after what the webhook could not: pods made past it, requests that go past sidecars, ReplicaSets
 * that wait. Caches say where something may be wrong, and only there the API server is asked.
 */
export class Keepers {
  private readonly from: KeeperSources
  private readonly rewriter: Rewriter
  private readonly waker: Waker
  private found: Record<string, number> = {}
  private failed = 0
  private turn = 0
  private stopped = false
  private passing: Promise<void> | null = null
  private readonly cancels = new Set<() => void>()

  constructor(from: KeeperSources) {
    this.from = from
    this.rewriter = new Rewriter(from)
    this.waker = new Waker(from)
  }

  start(): void {
    const next = (): void =>
      this.after(EVERY_MS * (0.5 + this.from.time.random()), () => {
        next()
        void this.pass()
      })
    next()
  }

  stop(): void {
    this.stopped = true
    for (const cancel of this.cancels) cancel()
  }

  /** The webhook is there (again): what its absence has stopped goes on at once. */
  webhookReady(): void {
    for (const ms of AFTER_READY_MS) this.after(ms, () => void this.wake())
  }

  numbers(): KeeperNumbers {
    const { rewritten } = this.rewriter
    return { findings: this.found, rewritten, woken: this.waker.woken, failed: this.failed }
  }

  /** All of it, once, and never two at a time: a slow API server is not asked more. Never rejects. */
  pass(): Promise<void> {
    this.passing ??= this.passOnce().finally(() => {
      this.passing = null
    })
    return this.passing
  }

  private async passOnce(): Promise<void> {
    const { deployments, pods, traffic, utc } = this.from
    await this.wake()
    const found = await this.missing()
    const ways = await this.ways()
    for (const each of deployments()) {
      const endpoint = nameOf(each)
      found.push(...bypassed(endpoint, pods(endpoint), traffic, ways, utc()))
    }
    for (const { endpoint, reason, note } of found) this.say(endpoint, 'Warning', reason, note)
    this.turn++
    this.found = {}
    for (const reason of [
      ...found.map(each => each.reason),
      ...ways.map(each => reasonOf(each.code)),
    ])
      this.found[reason] = (this.found[reason] ?? 0) + 1
  }

  private wake(): Promise<void> {
    return this.forSome('wake ReplicaSets', this.waker.stuck(), each => this.waker.wake(each))
  }

  private async missing(): Promise<Finding[]> {
    const { kube, wouldInject, deployments } = this.from
    const all = suspects(deployments(), endpoint => this.from.pods(endpoint).length)
    const found: Finding[] = []
    await this.forSome('look for missing sidecars', all, async ({ metadata }) => {
      const deployment = await this.whole(metadata)
      if (deployment === null) return
      const labelSelector = equalities(deployment.spec.selector?.matchLabels ?? {})
      const path = `/api/v1/namespaces/${metadata.namespace}/pods`
      const { items } = await kube.list<Pod>(path, { labelSelector })
      found.push(...missing(deployment, items, wouldInject))
    })
    return found
  }

  /** Services that lead past sidecars: changed where the Deployment asks for it, else told of. */
  private async ways(): Promise<ServiceFinding[]> {
    const { deployments, pods } = this.from
    const services = this.from.services()
    const all = deployments().filter(each => mayBypass(each, pods(nameOf(each)), services))
    const left: ServiceFinding[] = []
    await this.forSome('look at Services', all, async ({ metadata }) => {
      const deployment = await this.whole(metadata)
      for (const finding of deployment === null ? [] : findings(services, [deployment]))
        if (!(await this.settled(finding))) left.push(finding)
    })
    return left
  }

  /** Whether nothing is left of it. */
  private async settled(finding: ServiceFinding): Promise<boolean> {
    const { service, endpoint, number, name } = finding
    const waits = finding.rewrite ? await this.rewriter.rewrite(finding) : null
    if (finding.rewrite && waits === null) {
      const note = `targetPort ${number} of Service ${service} is ${name} now, as asked for.`
      this.say(endpoint, 'Normal', 'ServiceRewritten', note)
      return true
    }
    const { reason, note } = telling(finding, waits)
    this.say(endpoint, 'Warning', reason, note)
    return false
  }

  private async whole({ namespace, name }: Deployment['metadata']): Promise<Whole | null> {
    try {
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`
      return await this.from.kube.get<Whole>(path)
    } catch (error) {
      if (statusOf(error) === 404) return null
      throw error
    }
  }

  /** A bounded part of many, another one each pass; one that can't be looked at is no reason to leave the others. */
  private async forSome(
    what: string,
    all: readonly Deployment[],
    look: (one: Deployment) => Promise<void>,
  ): Promise<void> {
    const start = all.length > MOST_ASKED ? (this.turn * MOST_ASKED) % all.length : 0
    for (const each of [...all.slice(start), ...all.slice(0, start)].slice(0, MOST_ASKED)) {
      if (this.stopped || !this.from.held()) return
      try {
        await look(each)
      } catch (error) {
        this.failed++
        this.from.log('warn', `could not ${what}`, { of: nameOf(each), why: wordsOfError(error) })
      }
    }
  }

  private say(
    endpoint: string,
    type: 'Normal' | 'Warning',
    reason: EventReason,
    note: string,
  ): void {
    const deployment = this.from.deployments().find(each => nameOf(each) === endpoint)
    if (deployment === undefined) return
    const { namespace, name, uid } = deployment.metadata
    const regarding = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name, uid }
    this.from.events.say({ regarding, type, reason, note })
  }

  private after(ms: number, run: () => void): void {
    const cancel = this.from.time.after(ms, () => {
      this.cancels.delete(cancel)
      if (!this.stopped) run()
    })
    this.cancels.add(cancel)
  }
}

/** As the API server has it. */
type Whole = Deployment & { spec: { selector?: { matchLabels?: Record<string, string> } } }
