import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import type { Order, Pass, SignedOrder, SignedPass, SigningKey } from '../model/order.ts'
import { signedText } from '../model/order.ts'

/**
 * Ed25519 (RFC 8032) over canonical JSON with a domain prefix. A root key signs signing keys with an end
 * date; only the root's public half is known to sidecars. Keys travel as base64 of SPKI / PKCS#8 DER.
 */
export interface KeyPair {
  publicKey: string
  privateKey: string
}

export function newKeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  }
}

export interface Signer {
  order(order: Order): SignedOrder
  pass(pass: Pass): SignedPass
}

/** A signer whose key the root vouches for until `until` (ms since 1970). */
export function signer(root: KeyPair, until: number): Signer {
  const own = newKeyPair()
  const privateKey = toPrivate(own.privateKey)
  const key: SigningKey = {
    publicKey: own.publicKey,
    until,
    signature: signText(
      toPrivate(root.privateKey),
      signedText.key({ publicKey: own.publicKey, until }),
    ),
  }
  return {
    order: order => ({ order, key, signature: signText(privateKey, signedText.order(order)) }),
    pass: pass => ({ pass, key, signature: signText(privateKey, signedText.pass(pass)) }),
  }
}

/** Null when good, else why not. `now` in ms since 1970. */
export function refusal(
  signed: SignedOrder | SignedPass,
  rootPublicKey: string,
  now: number,
): 'key-expired' | 'key-not-of-root' | 'bad-signature' | 'pass-expired' | null {
  const { key, signature } = signed
  if (key.until < now) return 'key-expired'
  if (!verifyText(rootPublicKey, signedText.key(key), key.signature)) return 'key-not-of-root'
  const text = 'order' in signed ? signedText.order(signed.order) : signedText.pass(signed.pass)
  if (!verifyText(key.publicKey, text, signature)) return 'bad-signature'
  return 'pass' in signed && signed.pass.until < now ? 'pass-expired' : null
}

function signText(key: KeyObject, text: string): string {
  return sign(null, Buffer.from(text), key).toString('base64')
}

function verifyText(publicKey: string, text: string, signature: string): boolean {
  try {
    const key = createPublicKey({
      key: Buffer.from(publicKey, 'base64'),
      format: 'der',
      type: 'spki',
    })
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

function toPrivate(key: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'pkcs8' })
}
