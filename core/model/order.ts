import { canonical } from './canonical.ts'
import { endpointName, revisionName } from './names.ts'
import { int, nullable, object, oneOf, text, type Infer } from './schema.ts'

/** Epochs grow by one at a restart: what is above this was never given by a controller. */
export const MOST_EPOCH = 1_099_511_627_776

/** Which order is newer: the greater epoch, then the greater n. */
export const orderNumber = object({ epoch: int(0, MOST_EPOCH), n: int() })
export type OrderNumber = Infer<typeof orderNumber>

export function newer(a: OrderNumber, b: OrderNumber | null): boolean {
  return b === null || a.epoch > b.epoch || (a.epoch === b.epoch && a.n > b.n)
}

/**
 * A signed limit, the same for all replicas of an endpoint's revision. Times in s, us and ms as named;
 * shares in permille. A probe alternates between `limit` (arm a) and `other` (arm b) by slot.
 */
export const order = object({
  v: oneOf(1),
  endpoint: endpointName,
  revision: revisionName,
  limit: int(1, 100_000),
  /** Latency objective of a request in us, given or derived, or none. */
  objectiveUs: nullable(int(1)),
  probe: nullable(
    object({ other: int(1, 100_000), slotSeconds: int(1, 600), settleSeconds: int(1, 600) }),
  ),
  /** Late share that the fast guard allows; a second well above it lowers the effective limit. */
  latePermille: int(0, 1000),
  /** Queue deadline in us: how long a request may wait in the sidecar's queue. */
  queueUs: int(0),
  epoch: int(0, MOST_EPOCH),
  n: int(),
  /** Id of the decision that made this order. */
  decision: text(40),
  /** ms since 1970, UTC; a label only. */
  issued: int(),
})
export type Order = Infer<typeof order>

const base64 = text(200, /^[A-Za-z0-9+/_-]+={0,2}$/, 'base64')

/** A signing key, signed by the root key: keys rotate without touching a replica. */
export const signingKey = object({
  publicKey: base64,
  /** ms since 1970: not good after this. */
  until: int(),
  signature: base64,
})
export type SigningKey = Infer<typeof signingKey>

export const signedOrder = object({ order, key: signingKey, signature: base64 })
export type SignedOrder = Infer<typeof signedOrder>

/** Shows a sidecar that a request comes from an edge, not from a client that copied a header. */
export const pass = object({ edge: text(63), endpoint: endpointName, until: int() })
export type Pass = Infer<typeof pass>
export const signedPass = object({ pass, key: signingKey, signature: base64 })
export type SignedPass = Infer<typeof signedPass>

/** What is signed: a domain prefix, so that a signature of one kind is never good for another. */
export const signedText = {
  order: (value: Order): string => `outrigger/order/v1\n${canonical(value)}`,
  pass: (value: Pass): string => `outrigger/pass/v1\n${canonical(value)}`,
  key: (value: Pick<SigningKey, 'publicKey' | 'until'>): string =>
    `outrigger/key/v1\n${canonical({ publicKey: value.publicKey, until: value.until })}`,
}
