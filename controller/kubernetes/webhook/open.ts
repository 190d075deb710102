import type { Log } from '../../../core/runtime/log.ts'
import type { Kube } from '../api/client.ts'
import { backOff, type Time } from '../api/time.ts'
import { namesOf, type Certificates } from './certificates.ts'
import { WebhookFigures, type WebhookNumbers } from './figures.ts'
import { injectAdmission, type InjectDesk } from './inject.ts'
import { CertificateKeeper } from './keeper.ts'
import { ownerOf } from './owner.ts'
import { Registration } from './registration.ts'
import { scaledAdmission, type ScaleChange } from './scaled.ts'
import { startWebhook, type Webhook } from './server.ts'
import { Teller, type Says } from './tell.ts'

export interface OpenOptions {
  kube: Kube
  host: string
  port: number
  /** Namespace of the controllers. */
  namespace: string
  /** The injector, with all that it is told beside the pod. */
  decide: InjectDesk['decide']
  /** Someone changed replicas. */
  scaled(change: ScaleChange): void
  /** Why no API server should ask here now; null when one may. */
  unready(): string | null
  events: Says
  log: Log
  time: Time
  /** UTC in ms since 1970. */
  utc(): number
  /** Closing, it answers this long: so long its Service may still lead here. */
  lingerMs?: number
}

export interface OpenWebhook {
  port: number
  numbers(): WebhookNumbers & { caBundle: Registration['figures']; certificatesFailed: number }
  close(): Promise<void>
}

const SERVICE = 'outrigger-webhook'
const LOOK_EVERY_MS = 600_000
const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 30_000
/** A pod that ends is taken out of Services within two seconds, as measured. */
const LINGER_MS = 3000

/**
 * The webhook with all that keeps it: certificates first, then the server, then the caBundle, so that an
 * API server that trusts us finds us there. Waits for the API server as long as it takes.
 */
export async function openWebhook(options: OpenOptions): Promise<OpenWebhook> {
  const { kube, namespace, events, log, time, utc, lingerMs = LINGER_MS } = options
  const figures = new WebhookFigures()
  let server: Webhook | null = null
  let closed = false
  const keeper = new CertificateKeeper({
    kube,
    namespace,
    secret: `${SERVICE}-tls`,
    names: namesOf(SERVICE, namespace),
    now: utc,
    published: () => registration.published(),
    use: ({ serving }) => server?.serve(serving),
    log,
  })
  const registration = new Registration({
    kube,
    name: 'outrigger',
    service: SERVICE,
    namespace,
    bundle: () => keeper.certificates?.bundle ?? null,
    fresh: async () => ((await keeper.look()) ? (keeper.certificates?.bundle ?? null) : null),
    events,
    log,
    time,
  })
  const { serving } = await firstCertificates(keeper, time)
  const unready = (): string | null => (closed ? 'it ends' : options.unready())
  const desks = desksOf(options, figures)
  server = await startWebhook({ ...options, unready, serving, figures, ...desks })
  registration.start()
  let cancel = (): void => undefined
  const again = (): void => {
    cancel = time.after(LOOK_EVERY_MS * (0.5 + time.random()), () => {
      if (closed) return
      again()
      void keeper.look().then(() => registration.look())
    })
  }
  again()
  const { port } = server
  return {
    port,
    numbers: () => ({
      ...figures.numbers(),
      caBundle: { ...registration.figures },
      certificatesFailed: keeper.failed,
    }),
    close: async () => {
      closed = true
      cancel()
      registration.stop()
      if (lingerMs > 0) await new Promise<void>(resolve => void time.after(lingerMs, resolve))
      await server.close()
    },
  }
}

async function firstCertificates(keeper: CertificateKeeper, time: Time): Promise<Certificates> {
  for (let tries = 0; ; tries++) {
    await keeper.look()
    if (keeper.certificates !== null) return keeper.certificates
    const ms = backOff(tries, FIRST_DELAY_MS, LONGEST_DELAY_MS, time.random())
    await new Promise<void>(resolve => void time.after(ms, resolve))
  }
}

/** The two admissions, and what is said when one of them throws. */
function desksOf(
  { kube, decide, scaled, events, time, utc }: OpenOptions,
  figures: WebhookFigures,
): Pick<Parameters<typeof startWebhook>[0], 'inject' | 'scaled' | 'failed' | 'us'> {
  const teller = new Teller(kube, events)
  return {
    inject: request => injectAdmission(request, { decide, teller, figures }),
    scaled: request => scaledAdmission(request, { now: utc, note: scaled, figures }),
    failed: ({ object, namespace = '', resource }, error) => {
      if (resource.resource !== 'pods') return
      const why = error instanceof Error ? error.message : String(error)
      const note =
        `The injector failed, so a pod runs without a sidecar: ${why.slice(0, 300)}. ` +
        'Please report this; kubectl rollout restart tries again.'
      teller.tell(ownerOf(object, namespace), 'Warning', 'OutriggerFailed', note)
    },
    us: () => Math.round(time.now() * 1000),
  }
}
