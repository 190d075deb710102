import { X509Certificate } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import {
  AUTHORITY_LASTS,
  AUTHORITY_RENEWED_BEFORE,
  namesOf,
  OVERLAP,
  renewed,
  SERVING_RENEWED_BEFORE,
  type Certificates,
} from '../../../controller/kubernetes/webhook/certificates.ts'
import * as der from '../../../controller/kubernetes/webhook/der.ts'
import {
  belongs,
  certificatesIn,
  issuedBy,
  newAuthority,
  newServer,
  validity,
} from '../../../controller/kubernetes/webhook/x509.ts'

const DAY = 86_400_000
const START = Date.UTC(2026, 0, 1)
const names = namesOf('outrigger-webhook', 'outrigger-system')
let tags = 0
const at = (now: number, published: string | null = null) => ({
  names,
  now,
  published,
  tag: () => `${++tags}`,
})

function good(t: ExecutionContext, all: Certificates, now: number): void {
  const serving = new X509Certificate(all.serving.cert)
  const signer = new X509Certificate(all.authority.cert)
  t.true(belongs(all.serving) && belongs(all.authority))
  t.true(issuedBy(serving, signer))
  for (const certificate of [serving, signer]) {
    const { from, until } = validity(certificate)
    t.true(from <= now && now < until, `${certificate.subject} is valid on day ${now / DAY}`)
  }
  t.true(trusts(all.bundle, all.serving.cert), 'what is served is of an authority in the bundle')
}

function trusts(bundle: string, serving: string): boolean {
  const leaf = new X509Certificate(serving)
  return certificatesIn(bundle).some(({ certificate }) => issuedBy(leaf, certificate))
}

test('DER: numbers and times as OpenSSL reads them', t => {
  t.is(der.integer(Buffer.of(0)).toString('hex'), '020100')
  t.is(der.integer(Buffer.of(0, 0, 0x7f)).toString('hex'), '02017f')
  t.is(der.integer(Buffer.of(0x80)).toString('hex'), '02020080')
  t.is(der.oid('1.2.840.10045.4.3.2').toString('hex'), '06082a8648ce3d040302')
  t.is(der.octets(Buffer.alloc(127)).subarray(0, 2).toString('hex'), '047f')
  t.is(der.octets(Buffer.alloc(128)).subarray(0, 3).toString('hex'), '048180')
  t.is(der.octets(Buffer.alloc(70_000)).subarray(0, 5).toString('hex'), '0483011170')
  t.is(der.time(Date.UTC(2049, 11, 31, 23, 59, 59)).toString('latin1', 2), '491231235959Z')
  t.is(der.time(Date.UTC(2050, 0, 1)).toString('latin1', 2), '20500101000000Z')
})

test('any names and times make certificates that OpenSSL reads and verifies', t => {
  const label = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,40}$/)
  const year = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2090, 0, 1) })
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), year, (hosts, from) => {
      const whole = Math.floor(from / 1000) * 1000
      const ca = newAuthority('an authority', whole, whole + DAY)
      const serving = newServer(ca, hosts, whole, whole + 2 * DAY)
      const [leaf, above] = [new X509Certificate(serving.cert), new X509Certificate(ca.cert)]
      const { from: begins, until } = validity(leaf)
      return (
        issuedBy(leaf, above) &&
        issuedBy(above, above) &&
        above.ca &&
        !leaf.ca &&
        belongs(serving) &&
        begins === whole &&
        // Never longer than its authority.
        until === whole + DAY &&
        hosts.every(host => leaf.checkHost(host) !== undefined)
      )
    }),
    { numRuns: 60 },
  )
  t.pass()
})

test('what is served has the names of the Service, is renewed a month before it ends, and else kept', t => {
  const first = renewed(null, at(START))
  good(t, first, START)
  t.is(first.next, null)
  t.is(
    new X509Certificate(first.serving.cert).subjectAltName,
    'DNS:outrigger-webhook, DNS:outrigger-webhook.outrigger-system, ' +
      'DNS:outrigger-webhook.outrigger-system.svc, ' +
      'DNS:outrigger-webhook.outrigger-system.svc.cluster.local',
  )
  t.is(renewed(first, at(START + 59 * DAY)), first)
  const second = renewed(first, at(START + 61 * DAY))
  t.not(second.serving.cert, first.serving.cert)
  t.is(second.bundle, first.bundle)
  t.is(second.authority, first.authority)
  good(t, second, START + 61 * DAY)
})

test('twelve years: each authority is trusted before it is used and until it ends', t => {
  let kept = renewed(null, at(START))
  let published: string | null = null
  let before = kept
  const authorities = new Set<string>()
  for (let now = START; now < START + 12 * 365 * DAY; now += DAY / 2) {
    // The API server has the bundle of half a day ago; a replica may serve what was so then.
    const next: Certificates = renewed(kept, at(now, published))
    if (!trusts(kept.bundle, next.serving.cert)) t.fail('served before it was trusted')
    if (!trusts(next.bundle, before.serving.cert)) t.fail('distrusted while a replica served it')
    if (next !== kept) good(t, next, now)
    t.true(certificatesIn(next.bundle).length <= 2)
    published = kept.bundle
    before = kept
    kept = next
    authorities.add(kept.authority.cert)
  }
  t.is(authorities.size, 3)
  t.true(AUTHORITY_LASTS > AUTHORITY_RENEWED_BEFORE)
})

test('an authority that nobody has published waits, and takes over only where the old one ends', t => {
  const first = renewed(null, at(START))
  const late = START + AUTHORITY_LASTS - AUTHORITY_RENEWED_BEFORE
  const waiting = renewed(first, at(late))
  t.truthy(waiting.next)
  t.is(waiting.authority, first.authority)
  t.is(certificatesIn(waiting.bundle).length, 2)
  t.is(renewed(waiting, at(late + OVERLAP * 2, first.bundle)).authority, first.authority)
  const seen = renewed(waiting, at(late + OVERLAP, waiting.bundle))
  t.deepEqual(seen.authority, waiting.next)
  good(t, seen, late + OVERLAP)
  const ends = START + AUTHORITY_LASTS - SERVING_RENEWED_BEFORE + DAY
  t.deepEqual(renewed(waiting, at(ends, first.bundle)).authority, waiting.next)
})

test('certificates that are spoilt, ended or of the future are made anew; trust stays where it can', t => {
  const first = renewed(null, at(START))
  const other = newAuthority('another', START, START + DAY)
  const cases: Record<string, Certificates> = {
    'no key that can be read': { ...first, authority: { ...first.authority, key: 'spoilt' } },
    'no certificate that can be read': { ...first, authority: { cert: 'spoilt', key: 'spoilt' } },
    'a serving key of another': { ...first, serving: { ...first.serving, key: other.key } },
    'served under another authority': {
      ...first,
      serving: newServer(other, names, START, START + 90 * DAY),
    },
    'other names': {
      ...first,
      serving: newServer(first.authority, ['elsewhere'], START, START + 90 * DAY),
    },
    'a bundle that lost its authority': { ...first, bundle: 'spoilt' },
    'made by a clock that was a year ahead': renewed(null, at(START + 365 * DAY)),
  }
  for (const [what, kept] of Object.entries(cases)) {
    const next = renewed(kept, at(START))
    t.not(next, kept, what)
    good(t, next, START)
    t.is(renewed(next, at(START)), next, what)
  }
  const years = START + AUTHORITY_LASTS + DAY
  const anew = renewed(first, at(years))
  good(t, anew, years)
  t.is(certificatesIn(anew.bundle).length, 1)
})
