import { randomUUID } from 'node:crypto'
import { serve, type Route, type Served } from '../../core/runtime/admin.ts'
import { wordsOfError } from '../../core/runtime/log.ts'
import type { LogOptions } from '../../core/model/log-options.ts'
import type { MetricsPage } from '../../core/runtime/metrics.ts'
import { logDirOf } from '../journal.ts'
import { startController, type Controller } from '../main.ts'
import { roomIn } from '../record/room.ts'
import { SettingsFile } from '../settings-file.ts'
import { Standby } from '../standby.ts'
import type { Kube } from './api/client.ts'
import { Lease } from './api/lease.ts'
import { keepLabel } from './label.ts'
import { leading, type Leading } from './leading.ts'
import type { Around, Member } from './member.ts'
import { memberPage, type MemberFigures } from './page.ts'
import type { OpenWebhook } from './webhook/open.ts'

/** What a change of role under way is given to end, ms. */
const CLOSE_MS = 3000
/** How often a leader asks itself whether it can do what it is there for, ms. */
const LOOK_MS = 1000
/** Until a disk that could not be written is tried again, ms. */
const AGAIN_MS = 10_000

/** From standby to leader; there is no way back but a new process. */
export class Waiting {
  private readonly around: Around
  private readonly webhook: OpenWebhook | null
  private readonly lease: Lease
  private admin: Served | null = null
  private copy: { of: string; standby: Standby } | null = null
  private readonly page: MetricsPage
  /** From the takeover on; `decides` from when the controller runs. */
  private own: Leading | null = null
  private decides: { controller: Controller; label: ReturnType<typeof keepLabel> } | null = null
  private turn: Promise<void> = Promise.resolve()
  private end: (why: string) => void = () => undefined
  private readonly over: Promise<string>
  private closing = false
  /** Our disk could not be written. */
  private barred = false
  private timer: NodeJS.Timeout | undefined
  /** Rejects when this one is told to end. */
  private readonly ended = Promise.withResolvers<never>()

  static async open(
    around: Around,
    webhook: OpenWebhook | null,
    againMs = AGAIN_MS,
  ): Promise<Waiting> {
    const { config } = around
    const waiting = new Waiting(around, webhook)
    waiting.admin = await serve({
      ...config.admin,
      token: config.token,
      routes: waitingRoutes(waiting.page),
    })
    await waiting.stand(againMs)
    return waiting
  }

  private constructor(around: Around, webhook: OpenWebhook | null) {
    const { kube, cluster, log } = around
    this.around = around
    this.webhook = webhook
    this.over = new Promise(resolve => (this.end = resolve))
    this.ended.promise.catch(() => undefined)
    this.lease = new Lease({
      kube,
      namespace: cluster.namespace,
      name: 'outrigger-controller',
      identity: `${cluster.pod}_${randomUUID()}`,
      log,
      on: {
        elected: () => this.next('take over', () => this.lead()),
        lost: why => this.end(`the lease is lost: ${why}`),
        holder: holder => this.next('follow the leader', () => this.follow(holder)),
      },
    })
    this.page = memberPage(() => this.figures())
  }

  get isLeading(): boolean {
    return this.decides !== null
  }

  member(): Member {
    const close = async (): Promise<void> => {
      this.closing = true
      clearInterval(this.timer)
      this.ended.reject(new Error('told to end'))
      await this.turnOr(CLOSE_MS)
      await this.decides?.label.stop()
      await this.decides?.controller.close()
      this.own?.stop()
      await this.copy?.standby.stop()
      await this.lease.release()
      await this.admin?.close()
      await this.webhook?.close()
      this.around.surroundings.stop()
      this.around.events.stop()
    }
    return { address: this.admin?.address ?? '', over: this.over, close }
  }

  /** Stands for election, but not before it could record what it decides: one that leads and can't is of no use. */
  private async stand(againMs: number): Promise<void> {
    if (this.closing) return
    const { config, log } = this.around
    try {
      await roomIn(logDirOf(config.stateDir))
      this.lease.start()
    } catch (error) {
      const why = wordsOfError(error)
      if (!this.barred)
        log('error', "no candidate while the decision log can't be written", { why })
      this.barred = true
      this.timer = setTimeout(() => void this.stand(againMs), againMs)
    }
  }

  /** A leader that can record nothing more leaves it to one that has its log: without one it goes on measuring. */
  private async makeWay(): Promise<void> {
    const why = this.decides?.controller.spent() ?? null
    if (why === null || this.closing) return
    clearInterval(this.timer)
    await this.lease.release()
    this.end(`another one is to decide: ${why}`)
  }

  private figures(): MemberFigures {
    const { surroundings, events } = this.around
    const own = this.own?.figures()
    return {
      lease: this.lease.figures(),
      webhook: this.webhook?.numbers() ?? null,
      informers: { ...surroundings.figures(), ...own?.informers },
      kubelets: own?.kubelets ?? null,
      gpus: own?.gpus ?? null,
      keepers: own?.keepers ?? null,
      events: events.figures,
    }
  }

  /** A takeover waits for the API server as long as it takes; whoever is told to end doesn't. */
  private turnOr(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms)
      void this.turn.then(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  /** One change of role after the other. */
  private next(what: string, work: () => Promise<void>): void {
    this.turn = this.turn.then(work).catch((error: unknown) => {
      if (!this.closing) this.end(`can't ${what}: ${wordsOfError(error)}`)
    })
  }

  private async follow(holder: string): Promise<void> {
    const { kube, cluster, config, log } = this.around
    const pod = holder.slice(0, Math.max(0, holder.lastIndexOf('_')))
    if (this.closing || this.decides !== null || this.copy?.of === holder) return
    await this.copy?.standby.stop()
    this.copy = null
    if (pod === '' || pod === cluster.pod) return
    log('info', 'standing by', { leader: pod })
    const leader = (): Promise<string> => addressOf(kube, cluster.namespace, pod, config.admin.port)
    const file = new SettingsFile(config.settingsFile, log)
    const keep = (): LogOptions => {
      file.refresh()
      return file.logOptions
    }
    const { token } = config
    const standby = new Standby({ dir: logDirOf(config.stateDir), leader, token, log, keep })
    this.copy = { of: holder, standby }
    void standby.start().catch((error: unknown) => this.end(wordsOfError(error)))
  }

  private async lead(): Promise<void> {
    const { config, version, log, cluster, kube } = this.around
    if (this.closing) return
    await this.copy?.standby.stop()
    this.copy = null
    const own = leading(this.around, this.lease, this.page, this.ended.promise)
    this.own = own
    // The same port: for a moment nobody answers there, as when a leader has just gone.
    await this.admin?.close()
    const { ground } = own
    const controller = await startController(config, { version, log, ground })
    const { namespace, pod } = cluster
    const label = keepLabel({ kube, namespace, pod, held: ground.held, log })
    this.decides = { controller, label }
    own.begin()
    this.timer = setInterval(() => void this.makeWay(), LOOK_MS)
    log('info', 'deciding', { epoch: this.lease.epoch })
  }
}

/** Of the admin server until this one decides. */
function waitingRoutes(page: MetricsPage): Route[] {
  return [
    { at: 'GET /healthz', handle: () => ({ status: 200, json: { status: 'ok' } }) },
    { at: 'GET /readyz', handle: () => ({ status: 200, json: { ready: true, why: null } }) },
    {
      at: 'GET /metrics',
      handle: async () => ({ status: 200, body: await page.text(), type: page.type }),
    },
  ]
}

/** URL of another controller's admin server. Its address changes when its pod is made anew. */
async function addressOf(
  kube: Kube,
  namespace: string,
  pod: string,
  port: number,
): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}`
  const { status } = await kube.get<{ status?: { podIP?: string } }>(path)
  const ip = status?.podIP
  if (ip === undefined) throw new Error(`${pod} has no address`)
  return `http://${ip.includes(':') ? `[${ip}]` : ip}:${port}`
}
