import { X509Certificate } from 'node:crypto'
import {
  BACKDATED,
  belongs,
  certificatesIn,
  issuedBy,
  newAuthority,
  newServer,
  validity,
  type Identity,
} from './x509.ts'

/** What the webhook is trusted and served by; kept in one Secret, so that all replicas have the same. */
export interface Certificates {
  /** PEM of every authority that is trusted: the caBundle. */
  bundle: string
  authority: Identity
  /** Trusted already, and to take over; null most of the time. */
  next: Identity | null
  serving: Identity
}

const DAY = 86_400_000
export const AUTHORITY_LASTS = 5 * 365 * DAY
/** A new authority is made this long before the old one ends: more than a serving certificate lasts. */
export const AUTHORITY_RENEWED_BEFORE = 365 * DAY
const SERVING_LASTS = 90 * DAY
export const SERVING_RENEWED_BEFORE = 30 * DAY
/** How long a new authority is trusted before it signs what is served: API servers learn of it late. */
export const OVERLAP = DAY

export interface Wanted {
  /** DNS names of the webhook's Service. */
  names: readonly string[]
  now: number
  /** The caBundle that API servers were last seen to have. */
  published: string | null
  /** Tells authorities apart by name; any text. */
  tag(): string
}

/**
 * The certificates that should be from now on; the very same object when they are good. Whoever has the
 * old bundle trusts what is served now, and whoever has the new one trusts what is served next: an
 * authority is published first, used a day later, and distrusted only when it has ended.
 */
export function renewed(kept: Certificates | null, wanted: Wanted): Certificates {
  const { now, names } = wanted
  const authority = kept !== null && usable(kept.authority, now) ? kept.authority : null
  if (kept === null || authority === null) return fresh(kept, wanted)
  const next = nextAuthority(kept, wanted)
  const takesOver = next !== null && mayTakeOver(next, authority, kept, wanted)
  const signer = takesOver ? next : authority
  const waiting = takesOver ? null : next
  const serving = servingGood(kept.serving, signer, names, now)
    ? kept.serving
    : newServer(signer, names, now - BACKDATED, now + SERVING_LASTS)
  const bundle = trusted([kept.bundle], [authority, next], now)
  const same =
    serving === kept.serving &&
    waiting === kept.next &&
    signer === kept.authority &&
    bundle === kept.bundle
  return same ? kept : { bundle, authority: signer, next: waiting, serving }
}

/** Whether every key is the one of its certificate: else something has spoilt what was kept. */
export function intact({ authority, next, serving }: Certificates): boolean {
  return [authority, serving, ...(next === null ? [] : [next])].every(belongs)
}

/** Nothing that can sign: begin anew, at once. A next one that waits is at least published. */
function fresh(kept: Certificates | null, wanted: Wanted): Certificates {
  const { now, names } = wanted
  const waiting = kept?.next ?? null
  const authority = waiting !== null && usable(waiting, now) ? waiting : made(wanted)
  return {
    bundle: trusted([kept?.bundle ?? ''], [authority], now),
    authority,
    next: null,
    serving: newServer(authority, names, now - BACKDATED, now + SERVING_LASTS),
  }
}

function made({ now, tag }: Wanted): Identity {
  return newAuthority(`outrigger webhook ${tag()}`, now - BACKDATED, now + AUTHORITY_LASTS)
}

function nextAuthority({ next, authority }: Certificates, wanted: Wanted): Identity | null {
  if (next !== null && usable(next, wanted.now)) return next
  const { until } = validity(new X509Certificate(authority.cert))
  return until - wanted.now > AUTHORITY_RENEWED_BEFORE ? null : made(wanted)
}

/** A next authority takes over a day after it was published; in the old one's last days it does so in any case. */
function mayTakeOver(
  next: Identity,
  authority: Identity,
  kept: Certificates,
  { now, published }: Wanted,
): boolean {
  if (next !== kept.next) return false
  const since = validity(new X509Certificate(next.cert)).from + BACKDATED
  const ends = validity(new X509Certificate(authority.cert)).until
  const seen = published !== null && trusts(published, next.cert)
  return (seen && now - since >= OVERLAP) || ends - now < SERVING_RENEWED_BEFORE
}

/** A clock that was ahead once leaves certificates that nobody takes yet: those are no use either. */
function usable(identity: Identity, now: number): boolean {
  if (!belongs(identity)) return false
  const certificate = new X509Certificate(identity.cert)
  const { from, until } = validity(certificate)
  return certificate.ca && from <= now && now < until
}

function servingGood(
  serving: Identity,
  signer: Identity,
  names: readonly string[],
  now: number,
): boolean {
  if (!belongs(serving)) return false
  const certificate = new X509Certificate(serving.cert)
  const { from, until } = validity(certificate)
  return (
    issuedBy(certificate, new X509Certificate(signer.cert)) &&
    from <= now &&
    until - now > SERVING_RENEWED_BEFORE &&
    names.every(name => certificate.checkHost(name) !== undefined)
  )
}

/** What is trusted already, and these, without what has ended. */
function trusted(known: string[], and: (Identity | null)[], now: number): string {
  const text = [...known, ...and.map(each => each?.cert ?? '')].join('')
  const good = certificatesIn(text).filter(({ certificate }) => validity(certificate).until > now)
  return [...new Set(good.map(({ pem }) => pem))].join('')
}

function trusts(bundle: string, cert: string): boolean {
  const wanted = new X509Certificate(cert).fingerprint256
  return certificatesIn(bundle).some(({ certificate }) => certificate.fingerprint256 === wanted)
}

/** The DNS names by which API servers and people may call the webhook. */
export function namesOf(service: string, namespace: string): string[] {
  return ['', `.${namespace}`, `.${namespace}.svc`, `.${namespace}.svc.cluster.local`].map(
    rest => `${service}${rest}`,
  )
}
