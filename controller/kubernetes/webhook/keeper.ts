import { randomBytes } from 'node:crypto'
import { wordsOfError, type Log } from '../../../core/runtime/log.ts'
import { statusOf } from '../api/error.ts'
import type { Kube } from '../api/client.ts'
import { intact, renewed, type Certificates } from './certificates.ts'
import type { Identity } from './x509.ts'

/**
 * Keeps the webhook's certificates in a Secret. Every replica may renew them: the Secret's
 * resourceVersion lets one of them win, and the others take what that one wrote.
 */
export interface KeeperOptions {
  kube: Kube
  namespace: string
  /** outrigger-webhook-tls */
  secret: string
  names: readonly string[]
  now(): number
  /** The caBundle that the API server was last seen to have. */
  published(): string | null
  /** Called with the first certificates and whenever they have changed. */
  use(certificates: Certificates): void
  log: Log
  tag?(): string
}

/** As it is on the wire: values in base64. */
interface Secret {
  data?: Record<string, string>
}

/** Losing this often in a row to other replicas means that something else writes. */
const MOST_TRIES = 5

export class CertificateKeeper {
  private readonly options: KeeperOptions
  private held: Certificates | null = null
  private failures = 0

  constructor(options: KeeperOptions) {
    this.options = options
  }

  get certificates(): Certificates | null {
    return this.held
  }

  /** Times that the Secret could neither be read nor written. */
  get failed(): number {
    return this.failures
  }

  /**
   * Reads the Secret, renews what has to be, and hands out what is new. Gives whether that went well:
   * else what is held stays in use.
   */
  async look(): Promise<boolean> {
    try {
      this.take(await this.agreed())
      return true
    } catch (error) {
      this.failures++
      this.options.log('warn', 'the webhook certificates could not be looked after', {
        secret: `${this.options.namespace}/${this.options.secret}`,
        why: wordsOfError(error),
      })
      return false
    }
  }

  private take(certificates: Certificates): void {
    const before = this.held
    this.held = certificates
    if (before !== null && textOf(before) === textOf(certificates)) return
    this.options.use(certificates)
  }

  private async agreed(): Promise<Certificates> {
    for (let tries = 1; ; tries++) {
      const secret = await this.read()
      // What a Secret that was removed or spoilt held is trusted by API servers: it goes back.
      const found = secret === null ? null : certificatesOf(secret)
      const kept = found !== null && intact(found) ? found : (this.held ?? found)
      const { names, now, published, tag = chance } = this.options
      const wanted = renewed(kept, { names, now: now(), published: published(), tag })
      if (secret !== null && sameAs(secret, wanted)) return wanted
      if (await this.written(secret, wanted)) return wanted
      if (tries >= MOST_TRIES) throw new Error(`others changed it ${tries} times in a row`)
    }
  }

  private async read(): Promise<Secret | null> {
    const { kube, namespace, secret } = this.options
    try {
      return await kube.get<Secret>(`/api/v1/namespaces/${namespace}/secrets/${secret}`)
    } catch (error) {
      if (statusOf(error) === 404) return null
      throw error
    }
  }

  /** False when another replica was first. */
  private async written(before: Secret | null, wanted: Certificates): Promise<boolean> {
    const { kube, namespace, secret: name, log } = this.options
    const path = `/api/v1/namespaces/${namespace}/secrets`
    const data = dataOf(wanted)
    try {
      if (before === null) {
        const metadata = { name, namespace, labels: { 'app.kubernetes.io/name': 'outrigger' } }
        const type = 'kubernetes.io/tls'
        await kube.create(path, { apiVersion: 'v1', kind: 'Secret', metadata, type, data })
      } else await kube.replace(`${path}/${name}`, { ...before, data: { ...before.data, ...data } })
      log('info', 'the webhook certificates were renewed', { secret: `${namespace}/${name}` })
      return true
    } catch (error) {
      const status = statusOf(error)
      // 409: changed or made meanwhile. 404: removed meanwhile.
      if (status === 409 || status === 404) return false
      throw error
    }
  }
}

const chance = (): string => randomBytes(4).toString('hex')

function dataOf({ bundle, authority, next, serving }: Certificates): Record<string, string> {
  const texts = {
    'ca.crt': bundle,
    'authority.crt': authority.cert,
    'authority.key': authority.key,
    'next.crt': next?.cert ?? '',
    'next.key': next?.key ?? '',
    'tls.crt': serving.cert,
    'tls.key': serving.key,
  }
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
  )
}

/** What a Secret holds; null when anything of it is missing. Whether it is any good is not asked here. */
function certificatesOf({ data = {} }: Secret): Certificates | null {
  const text = (name: string): string => Buffer.from(data[name] ?? '', 'base64').toString()
  const pair = (name: string): Identity => ({ cert: text(`${name}.crt`), key: text(`${name}.key`) })
  const [authority, next, serving] = [pair('authority'), pair('next'), pair('tls')]
  if ([authority, serving].some(({ cert, key }) => cert === '' || key === '')) return null
  const bundle = text('ca.crt')
  return { bundle, authority, next: next.cert === '' ? null : next, serving }
}

function sameAs({ data = {} }: Secret, wanted: Certificates): boolean {
  return Object.entries(dataOf(wanted)).every(([name, value]) => (data[name] ?? '') === value)
}

function textOf(certificates: Certificates): string {
  return JSON.stringify(dataOf(certificates))
}
