import { randomUUID } from 'node:crypto'
import { serve, type Served } from '../../core/runtime/admin.ts'
import { systemClock } from '../../core/runtime/clock.ts'
import { jsonLog, wordsOfError, type Log } from '../../core/runtime/log.ts'
import type { KeyPair } from '../../core/runtime/signing.ts'
import type { ClusterConfig, ControllerConfig } from '../config.ts'
import type { Ground } from '../ground.ts'
import { logDirOf } from '../journal.ts'
import { startController, type Controller } from '../main.ts'
import { SettingsFile } from '../settings-file.ts'
import { Standby } from '../standby.ts'
import { loadAccess, loadKube, type Kube } from './api/client.ts'
import { Events } from './api/events.ts'
import { Lease } from './api/lease.ts'
import { rootKeyPair, sharedToken } from './api/own.ts'
import { systemTime } from './api/time.ts'
import { clusterPlatform } from './cluster.ts'
import { injecting } from './injecting.ts'
import { keepLabel } from './label.ts'
import { ScaledRelay, scaledRoute } from './webhook/relay.ts'
import { ScaleChanges } from './webhook/scaled.ts'
import { openWebhook, type OpenWebhook } from './webhook/open.ts'

/**
 * A controller in a cluster. Each serves the webhooks; one holds the lease and decides; the others copy its
 * log, so that whichever is next goes on from it.
 */
export interface Member {
  /** host:port of the admin server. */
  address: string
  /** Resolves with why this one may go on no more: it ends, and starts anew as a standby. */
  over: Promise<string>
  close(): Promise<void>
}

interface Around {
  config: ControllerConfig
  cluster: ClusterConfig
  version: string
  log: Log
  kube: Kube
  keys: KeyPair
  events: Events
  /** Who changed replicas, as far as a webhook saw it. */
  changes: ScaleChanges
}

/** Rejects when an address can't be listened on; waits for the API server as long as it takes. */
export async function startMember(
  given: ControllerConfig,
  cluster: ClusterConfig,
  version: string,
): Promise<Member> {
  const log = jsonLog('controller', given.logLevel)
  const kube = loadKube()
  const { namespace } = cluster
  const keys = await patiently(log, () => rootKeyPair(kube, namespace))
  const token = await patiently(log, () => sharedToken(kube, namespace))
  const config = { ...given, token }
  const events = new Events({ kube, log, instance: cluster.pod })
  const changes = new ScaleChanges()
  const around = { config, cluster, version, log, kube, keys, events, changes }
  let member: Waiting | null = null
  const leading = (): boolean => member?.isLeading === true
  const webhook = await webhookOf(around, leading)
  member = await Waiting.open(around, webhook)
  return member.member()
}

async function patiently<T>(log: Log, ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      if (tries === 0) log('warn', 'waiting for the API server', { why: wordsOfError(error) })
      await new Promise(resolve => setTimeout(resolve, Math.min(5000, 250 * 2 ** tries)))
    }
  }
}

function webhookOf(around: Around, leading: () => boolean): Promise<OpenWebhook | null> {
  const { cluster, config, kube, log, events, changes } = around
  if (cluster.webhook === null) return Promise.resolve(null)
  const leader = `http://outrigger-controller.${cluster.namespace}.svc:${config.admin.port}`
  const relay = new ScaledRelay({ changes, leading, leader, token: config.token })
  return openWebhook({
    kube,
    ...cluster.webhook,
    namespace: cluster.namespace,
    decide: injecting(cluster, around.keys.publicKey),
    scaled: change => relay.note(change),
    unready: () => null,
    events,
    log,
    time: systemTime,
    utc: Date.now,
  })
}

/** From standby to leader; there is no way back but a new process. */
class Waiting {
  private readonly around: Around
  private readonly webhook: OpenWebhook | null
  private readonly lease: Lease
  private admin: Served
  private copy: { of: string; standby: Standby } | null = null
  private leading: {
    controller: Controller
    label: ReturnType<typeof keepLabel>
    stop(): void
  } | null = null
  private turn: Promise<void> = Promise.resolve()
  private end: (why: string) => void = () => undefined
  private readonly over: Promise<string>
  private closing = false

  static async open(around: Around, webhook: OpenWebhook | null): Promise<Waiting> {
    const { config } = around
    const address = { ...config.admin, token: config.token }
    let why: string | null = 'starting'
    const admin = await serve({
      ...address,
      routes: [
        { at: 'GET /healthz', handle: () => ({ status: 200, json: { status: 'ok' } }) },
        {
          at: 'GET /readyz',
          handle: () => ({ status: why === null ? 200 : 503, json: { ready: why === null, why } }),
        },
      ],
    })
    why = null
    return new Waiting(around, webhook, admin)
  }

  private constructor(around: Around, webhook: OpenWebhook | null, admin: Served) {
    const { kube, cluster, log } = around
    this.around = around
    this.webhook = webhook
    this.admin = admin
    this.over = new Promise(resolve => (this.end = resolve))
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
    this.lease.start()
  }

  get isLeading(): boolean {
    return this.leading !== null
  }

  member(): Member {
    const close = async (): Promise<void> => {
      this.closing = true
      await this.turn
      await this.leading?.label.stop()
      await this.leading?.controller.close()
      this.leading?.stop()
      await this.copy?.standby.stop()
      await this.lease.release()
      await this.admin.close()
      await this.webhook?.close()
    }
    return { address: this.admin.address, over: this.over, close }
  }

  /** One change of role after the other. */
  private next(what: string, work: () => Promise<void>): void {
    this.turn = this.turn.then(work).catch((error: unknown) => {
      this.end(`can't ${what}: ${wordsOfError(error)}`)
    })
  }

  private async follow(holder: string): Promise<void> {
    const { kube, cluster, config, log } = this.around
    const pod = holder.slice(0, Math.max(0, holder.lastIndexOf('_')))
    if (this.closing || this.leading !== null || this.copy?.of === holder) return
    await this.copy?.standby.stop()
    this.copy = null
    if (pod === '' || pod === cluster.pod) return
    log('info', 'standing by', { leader: pod })
    const leader = (): Promise<string> => addressOf(kube, cluster.namespace, pod, config.admin.port)
    const standby = new Standby({
      dir: logDirOf(config.stateDir),
      leader,
      token: config.token,
      log,
    })
    this.copy = { of: holder, standby }
    void standby.start().catch((error: unknown) => this.end(wordsOfError(error)))
  }

  private async lead(): Promise<void> {
    const { config, version, log, cluster, kube } = this.around
    if (this.closing) return
    await this.copy?.standby.stop()
    this.copy = null
    const { ground, stop } = this.ground()
    // The same port: for a moment nobody answers there, as when a leader has just gone.
    await this.admin.close()
    const controller = await startController(config, { version, log, ground })
    const held = ground.held
    const label = keepLabel({ kube, namespace: cluster.namespace, pod: cluster.pod, held, log })
    this.leading = { controller, label, stop }
    log('info', 'deciding', { epoch: this.lease.epoch })
  }

  private ground(): { ground: Ground; stop(): void } {
    const { config, cluster, kube, keys, log, events, changes } = this.around
    const held = (): boolean => this.lease.held()
    const file = new SettingsFile(config.settingsFile, log)
    const platform = clusterPlatform({
      kube,
      access: cluster.kubelets === 'off' ? null : loadAccess(),
      namespace: cluster.namespace,
      watchNamespaces: cluster.watchNamespaces,
      aggregator: cluster.aggregator,
      verifyKubelets: cluster.kubelets === 'verify',
      events,
      held,
      log,
      time: systemTime,
      utc: systemClock().now,
    })
    const ground: Ground = {
      platform,
      settings: {
        refresh: () => file.refresh(),
        of: endpoint => platform.settingsOf(endpoint),
        get logOptions() {
          return file.logOptions
        },
      },
      keys,
      epoch: this.lease.epoch,
      raised: async epoch => {
        await this.lease.raiseEpoch(epoch)
        await platform.fence(epoch)
      },
      held,
      who: (endpoint, to, since) => changes.who(endpoint, to, since)?.who ?? null,
      routes: [scaledRoute(changes)],
    }
    return { ground, stop: () => platform.stop() }
  }
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
