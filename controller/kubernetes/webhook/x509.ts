import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto'
import * as der from './der.ts'

/**
 * Two kinds of X.509 certificate (RFC 5280), ECDSA on P-256: an authority, and a server under it. Node
 * reads and checks certificates but makes none; a library that makes them brings 20 packages and needs a
 * global polyfill, for what is one fixed profile here. Only writing is ours: every certificate that is
 * used is read back by OpenSSL first.
 */
export interface Identity {
  /** PEM. */
  cert: string
  /** PKCS#8, PEM. */
  key: string
}

const HOUR = 3_600_000
/** Valid from a little before, for an API server whose clock is behind ours. */
export const BACKDATED = HOUR

const SHA256_ECDSA = der.sequence(der.oid('1.2.840.10045.4.3.2'))
const { sequence, oid, within, octets } = der

export function newAuthority(name: string, from: number, until: number): Identity {
  const own = newKey()
  const extensions = [
    extension('2.5.29.19', true, sequence(der.truth(), der.integer(Buffer.of(0)))),
    // keyCertSign and cRLSign, bits 5 and 6.
    extension('2.5.29.15', true, der.bits(Buffer.of(0b0000_0110), 1)),
    extension('2.5.29.14', false, octets(keyId(own.public))),
  ]
  const cert = certificate({
    issuer: name,
    subject: name,
    from,
    until,
    extensions,
    key: own.public,
    signer: own.private,
  })
  return { cert, key: own.pem }
}

export function newServer(
  authority: Identity,
  names: readonly string[],
  from: number,
  until: number,
): Identity {
  const own = newKey()
  const above = new X509Certificate(authority.cert)
  const extensions = [
    extension('2.5.29.19', true, sequence()),
    // digitalSignature, bit 0.
    extension('2.5.29.15', true, der.bits(Buffer.of(0b1000_0000), 7)),
    // serverAuth
    extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.17', false, sequence(...names.map(n => der.plain(2, Buffer.from(n))))),
    extension('2.5.29.35', false, sequence(der.plain(0, keyId(above.publicKey)))),
  ]
  const cert = certificate({
    issuer: commonName(above),
    // The longest name may be more than the 64 characters of a common name: the first is the shortest.
    subject: (names[0] ?? '').slice(0, 64),
    from,
    until: Math.min(until, Date.parse(above.validTo)),
    extensions,
    key: own.public,
    signer: createPrivateKey(authority.key),
  })
  return { cert, key: own.pem }
}

function newKey(): { public: KeyObject; private: KeyObject; pem: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' })
  return { public: pair.publicKey, private: pair.privateKey, pem }
}

function certificate(of: {
  issuer: string
  subject: string
  from: number
  until: number
  extensions: Buffer[]
  key: KeyObject
  signer: KeyObject
}): string {
  const signed = sequence(
    within(0, der.integer(Buffer.of(2))),
    der.integer(serial()),
    SHA256_ECDSA,
    nameOf(of.issuer),
    sequence(der.time(of.from), der.time(of.until)),
    nameOf(of.subject),
    of.key.export({ type: 'spki', format: 'der' }),
    within(3, sequence(...of.extensions)),
  )
  const signature = sign('sha256', signed, of.signer)
  return der.pem('CERTIFICATE', sequence(signed, SHA256_ECDSA, der.bits(signature)))
}

/** 126 bits of chance: positive, and never zero. */
function serial(): Buffer {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes
}

function nameOf(common: string): Buffer {
  return sequence(der.set(sequence(oid('2.5.4.3'), der.utf8(common))))
}

function commonName(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? ''
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [der.truth()] : []), octets(value))
}

/** Joins a certificate to its authority where several authorities have one name: at most 20 bytes of a digest. */
function keyId(key: KeyObject): Buffer {
  const spki = key.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest().subarray(0, 20)
}

/** Whether a key is the one of a certificate; false for anything that can't be read. */
export function belongs({ cert, key }: Identity): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

/** The certificates of a PEM text that can be read, in order. */
export function certificatesIn(text: string): { pem: string; certificate: X509Certificate }[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.flatMap(block => {
    try {
      return [{ pem: `${block}\n`, certificate: new X509Certificate(block) }]
    } catch {
      return []
    }
  })
}

/** From when and until when, ms since 1970. */
export function validity(certificate: X509Certificate): { from: number; until: number } {
  return { from: Date.parse(certificate.validFrom), until: Date.parse(certificate.validTo) }
}

export function issuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
}
