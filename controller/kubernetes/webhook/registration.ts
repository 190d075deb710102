import { wordsOfError, type Log } from '../../../core/runtime/log.ts'
import type { Kube } from '../api/client.ts'
import { statusOf } from '../api/error.ts'
import { Informer } from '../api/informer.ts'
import type { Time } from '../api/time.ts'
import { Budget } from '../keep/budget.ts'
import type { Says } from './tell.ts'
import { certificatesIn } from './x509.ts'

/** What is read of a webhook configuration, mutating or validating. */
interface Configuration {
  metadata: { name: string; uid?: string; resourceVersion?: string }
  webhooks?: {
    name: string
    clientConfig?: { caBundle?: string; service?: { name?: string; namespace?: string } }
  }[]
}

export interface RegistrationOptions {
  kube: Kube
  /** Name of the configurations. */
  name: string
  /** Whose caBundle is kept: the webhooks that lead to this Service. */
  service: string
  namespace: string
  /** The caBundle as far as it is known here; null before there is one. */
  bundle(): string | null
  /** Reads it anew: another replica may have renewed it, and what that one wrote is not to be undone. */
  fresh(): Promise<string | null>
  events: Says
  log: Log
  time: Time
}

const KINDS = {
  mutating: 'MutatingWebhookConfiguration',
  validating: 'ValidatingWebhookConfiguration',
}
type Which = keyof typeof KINDS
const PATH = '/apis/admissionregistration.k8s.io/v1'
const EVERY_MS = 10_000
/** Each write is read by all API servers: something that clears the caBundle as fast as we set it would never end. */
const MOST_WRITES = 30
const WITHIN_MS = 60_000

/**
 * Keeps the caBundle of our webhooks right, and touches nothing else of them: a chart that is applied
 * anew, or a tool that puts back what it knows, clears it, and then no pod could be injected.
 */
export class Registration {
  private readonly options: RegistrationOptions
  private readonly seen = new Map<Which, Configuration>()
  private readonly informers: Informer<Configuration>[]
  private readonly wasRight = new Set<Which>()
  private readonly budget = new Budget(MOST_WRITES, WITHIN_MS)
  private readonly counts = { filled: 0, renewed: 0, repaired: 0, failed: 0 }
  private cancelNext: () => void = () => undefined
  private looking: Promise<void> | null = null
  private again = false
  private stopped = false

  constructor(options: RegistrationOptions) {
    this.options = options
    this.informers = (Object.keys(KINDS) as Which[]).map(which => this.informer(which))
  }

  private informer(which: Which): Informer<Configuration> {
    const { kube, name, log, time } = this.options
    return new Informer<Configuration>({
      kube,
      path: pathOf(which),
      query: { fieldSelector: `metadata.name=${name}` },
      changed: (_, configuration) => {
        if (configuration === null) this.seen.delete(which)
        else this.seen.set(which, configuration)
        void this.look()
      },
      log,
      time,
    })
  }

  start(): void {
    for (const informer of this.informers) informer.start()
    this.later()
  }

  stop(): void {
    this.stopped = true
    this.cancelNext()
    for (const informer of this.informers) informer.stop()
  }

  /** Filled where there was none, renewed from an older one of ours, repaired from anything else. */
  get figures(): Readonly<Record<'filled' | 'renewed' | 'repaired' | 'failed', number>> {
    return this.counts
  }

  /** The caBundle that all our webhooks were last seen with; null where they differ, or there is none. */
  published(): string | null {
    const all = new Set([...this.seen.values()].flatMap(each => this.ours(each).map(bundleOf)))
    const [only] = all
    return all.size === 1 && only !== undefined && only !== '' ? only : null
  }

  /** Looks now; when it is looking already, once more afterwards. Never rejects. */
  look(): Promise<void> {
    if (this.looking !== null) {
      this.again = true
      return this.looking
    }
    this.looking = this.run().finally(() => {
      this.looking = null
    })
    return this.looking
  }

  private async run(): Promise<void> {
    do {
      this.again = false
      for (const [which, configuration] of this.seen) {
        try {
          await this.keep(which, configuration)
        } catch (error) {
          this.counts.failed++
          const why = wordsOfError(error)
          this.options.log('warn', 'the caBundle could not be set', { kind: KINDS[which], why })
        }
      }
    } while (this.again && !this.stopped)
  }

  private later(): void {
    const { time } = this.options
    this.cancelNext = time.after(EVERY_MS * (0.5 + time.random()), () => {
      this.later()
      void this.look()
    })
  }

  private async keep(which: Which, configuration: Configuration): Promise<void> {
    const known = this.options.bundle()
    if (known === null || this.stopped) return
    if (this.wrong(configuration, known).length === 0) return void this.wasRight.add(which)
    const bundle = await this.options.fresh()
    const wrong = bundle === null ? [] : this.wrong(configuration, bundle)
    if (bundle === null || wrong.length === 0) return
    const { name, resourceVersion } = configuration.metadata
    if (!this.budget.take(which, this.options.time.now())) return
    const patch = [
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      ...wrong.map(at => ({
        op: 'add',
        path: `/webhooks/${at}/clientConfig/caBundle`,
        value: Buffer.from(bundle).toString('base64'),
      })),
    ]
    try {
      await this.options.kube.patch(`${pathOf(which)}/${name}`, patch, 'json')
    } catch (error) {
      // It has changed meanwhile: the watch tells how, and then it is looked at again.
      if ([404, 409, 422].includes(statusOf(error) ?? 0)) return
      throw error
    }
    this.say(which, configuration, wrong, bundle)
  }

  private say(which: Which, configuration: Configuration, wrong: number[], bundle: string): void {
    const { events, log } = this.options
    const kind = KINDS[which]
    const { name, uid } = configuration.metadata
    const before = wrong.map(at => bundleOf(configuration.webhooks?.[at] ?? {}))
    const what = this.changeOf(which, before, bundle)
    this.counts[what]++
    this.wasRight.add(which)
    log(what === 'repaired' ? 'warn' : 'info', `the caBundle was ${what}`, { kind, name })
    if (what !== 'repaired') return
    events.say({
      regarding: {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind,
        name,
        ...(uid === undefined ? {} : { uid }),
      },
      type: 'Warning',
      reason: 'CaBundleRepaired',
      note:
        'Something cleared or changed the caBundle of the webhooks; it was set again. Until then no pod ' +
        'could be injected. Where a tool applies this object again and again, let it leave out caBundle.',
    })
  }

  private changeOf(
    which: Which,
    before: string[],
    bundle: string,
  ): 'filled' | 'renewed' | 'repaired' {
    if (before.every(each => each === '')) return this.wasRight.has(which) ? 'repaired' : 'filled'
    const own = new Set(certificatesIn(bundle).map(({ pem }) => pem))
    const known = before.flatMap(each => certificatesIn(each).map(({ pem }) => own.has(pem)))
    return known.includes(true) ? 'renewed' : 'repaired'
  }

  /** Indexes of our webhooks that have another caBundle. */
  private wrong(configuration: Configuration, bundle: string): number[] {
    const ours = new Set(this.ours(configuration))
    return (configuration.webhooks ?? []).flatMap((each, at) =>
      ours.has(each) && bundleOf(each) !== bundle ? [at] : [],
    )
  }

  private ours({ webhooks = [] }: Configuration): NonNullable<Configuration['webhooks']> {
    const { service, namespace } = this.options
    return webhooks.filter(({ clientConfig }) => {
      const at = clientConfig?.service
      return at?.name === service && at.namespace === namespace
    })
  }
}

function pathOf(which: Which): string {
  return `${PATH}/${which}webhookconfigurations`
}

function bundleOf({ clientConfig }: { clientConfig?: { caBundle?: string } }): string {
  return Buffer.from(clientConfig?.caBundle ?? '', 'base64').toString()
}
