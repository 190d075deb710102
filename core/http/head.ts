/**
 * The strict reading of a request's head, after an HTTP/1.1 parser split it into lines: what is not
 * described here is refused, never repaired (RFC 9110, RFC 9112). Framing headers are not copied; the
 * head says what the framing is, and whoever forwards writes it anew.
 */
export interface RawHead {
  /** "1.1" or "1.0". */
  version: string
  method: string
  target: string
  /** Name, value, name, value, ... as they came. */
  raw: readonly string[]
  /** How many headers it may have. */
  most?: number
}

export interface Head {
  method: string
  /** Origin-form, or * with OPTIONS. */
  target: string
  /** The target without its query. */
  path: string
  /** End-to-end headers by lower-case name; a list where one came more than once. */
  headers: Record<string, string | string[]>
  body: Body
  /** The sender waits for 100 before it sends the body. */
  expectsContinue: boolean
  /** An upgrade to WebSocket (RFC 6455). */
  webSocket: boolean
  /** Headers of our own, taken out of `headers`: name without x-outrigger- and value. */
  own: Record<string, string>
}

/** How long the body is, in bytes, or that its end is marked in the chunks. */
export type Body = { kind: 'none' } | { kind: 'length'; bytes: number } | { kind: 'chunked' }

export interface Refusal {
  status: 400 | 405 | 411 | 417 | 431 | 501 | 505
  /** In words, for the answer's body. */
  why: string
}

const MOST_HEADERS = 100
const OWN = 'x-outrigger-'
/** RFC 9110 7.6.1, and the older names for the same. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** Written anew, so never copied. */
const FRAMING = new Set(['content-length', 'expect'])
/** Connection may not nominate what decides where a message ends or goes. */
const NEVER_NOMINATED = new Set(['host', 'content-length', 'transfer-encoding', 'expect'])
const ONCE = new Set(['host', 'content-length', 'transfer-encoding', 'expect', 'upgrade'])
/** What servers that map '_' to '-' (CGI, WSGI) would take for framing. */
const CONFUSABLE = new Set(['content-length', 'transfer-encoding', 'host', 'connection', 'trailer'])

class Bad extends Error {
  readonly refusal: Refusal
  constructor(status: Refusal['status'], why: string) {
    super(why)
    this.refusal = { status, why }
  }
}

/** The head, or why not. Never throws. */
export function readHead(raw: RawHead): Head | Refusal {
  try {
    return read(raw)
  } catch (error) {
    if (error instanceof Bad) return error.refusal
    throw error
  }
}

export function isRefusal(head: Head | Refusal): head is Refusal {
  return 'status' in head
}

function read({ version, method, target, raw, most = MOST_HEADERS }: RawHead): Head {
  if (version !== '1.1' && version !== '1.0') throw new Bad(505, 'HTTP/1.1 is spoken here')
  if (method === 'CONNECT') throw new Bad(501, 'CONNECT is not for a model')
  if (raw.length > 2 * most) throw new Bad(431, `more than ${most} headers`)
  const all = collect(raw)
  const body = bodyOf(all, version)
  const upgrade = one(all, 'upgrade')
  const nominated = nominatedBy(all)
  const webSocket = upgrade?.toLowerCase() === 'websocket' && nominated.has('upgrade')
  if (webSocket && (method !== 'GET' || body.kind !== 'none')) {
    throw new Bad(400, 'an upgrade is a GET without a body')
  }
  const expect = one(all, 'expect')
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
    throw new Bad(417, 'the only expectation known is 100-continue')
  }
  const origin = originForm(method, target, host(all, version))
  const end = origin.indexOf('?')
  return {
    method,
    target: origin,
    path: end < 0 ? origin : origin.slice(0, end),
    ...kept(all, nominated),
    body,
    // A 1.0 client can't be told to continue (RFC 9110 10.1.1).
    expectsContinue: expect !== undefined && version === '1.1' && body.kind !== 'none',
    webSocket,
  }
}

type All = Map<string, string[]>

function collect(raw: readonly string[]): All {
  const all: All = new Map()
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    const value = raw[i + 1] ?? ''
    if (name.includes('_') && CONFUSABLE.has(name.replaceAll('_', '-'))) {
      throw new Bad(400, `${name} looks like a framing header`)
    }
    const values = all.get(name)
    if (values === undefined) all.set(name, [value])
    else if (ONCE.has(name)) throw new Bad(400, `${name} came twice`)
    else values.push(value)
  }
  return all
}

function one(all: All, name: string): string | undefined {
  return all.get(name)?.[0]?.trim()
}

function bodyOf(all: All, version: string): Body {
  const coding = one(all, 'transfer-encoding')
  const length = one(all, 'content-length')
  if (coding !== undefined) {
    if (length !== undefined) throw new Bad(400, 'both Content-Length and Transfer-Encoding')
    if (version !== '1.1') throw new Bad(400, 'Transfer-Encoding is not for HTTP/1.0')
    if (coding.toLowerCase() !== 'chunked') {
      const known = /^(x-)?(gzip|deflate|compress)\s*,\s*chunked$/i.test(coding)
      throw new Bad(known ? 501 : 400, 'the only transfer coding known is chunked')
    }
    return { kind: 'chunked' }
  }
  if (length === undefined) return { kind: 'none' }
  if (!/^\d{1,15}$/.test(length)) throw new Bad(400, 'Content-Length is a number of bytes')
  return { kind: 'length', bytes: Number(length) }
}

function nominatedBy(all: All): Set<string> {
  const names = (all.get('connection') ?? [])
    .flatMap(value => value.split(','))
    .map(name => name.trim().toLowerCase())
  for (const name of names) {
    if (NEVER_NOMINATED.has(name)) throw new Bad(400, `Connection may not name ${name}`)
  }
  return new Set(names)
}

function host(all: All, version: string): string | undefined {
  const value = one(all, 'host')
  if (value === undefined && version === '1.1') throw new Bad(400, 'HTTP/1.1 needs one Host')
  if (
    value !== undefined &&
    !/^([A-Za-z0-9._~%!$&'()*+;=-]*|\[[0-9A-Fa-f:.]+\])(:\d*)?$/.test(value)
  ) {
    throw new Bad(400, 'Host is a name or an address, and a port')
  }
  return value
}

/** RFC 9112 3.2: a server must take absolute-form too; it may not name another host than Host. */
function originForm(method: string, target: string, hostHeader: string | undefined): string {
  // The parser lets through what a URI may not hold; an upstream might read it otherwise.
  if (!/^[!-~]+$/.test(target) || target.includes('#')) throw new Bad(400, 'the target is no URI')
  if (target.startsWith('/')) return target
  if (target === '*' && method === 'OPTIONS') return target
  const [, authority, rest = ''] = /^http:\/\/([^/?]+)(.*)$/i.exec(target) ?? []
  if (authority === undefined) throw new Bad(400, 'the target is neither a path nor an http URI')
  if (authority.toLowerCase() !== hostHeader?.toLowerCase()) {
    throw new Bad(400, 'the target names another host than Host')
  }
  return rest.startsWith('/') ? rest : `/${rest}`
}

function kept(all: All, nominated: Set<string>): Pick<Head, 'headers' | 'own'> {
  const headers: Head['headers'] = {}
  const own: Head['own'] = {}
  for (const [name, values] of all) {
    const plain = name.replaceAll('_', '-')
    if (plain.startsWith(OWN)) {
      if (plain === name && values.length === 1) own[name.slice(OWN.length)] = values[0] ?? ''
      continue
    }
    if (HOP_BY_HOP.has(name) || FRAMING.has(name) || nominated.has(name)) continue
    headers[name] = values.length === 1 ? (values[0] ?? '') : values
  }
  return { headers, own }
}

/**
 * An answer's headers as a proxy may pass them on, as name, value, name, value: hop-by-hop ones, those
 * that Connection names, and forged ones of our own are left out. Content-Length stays only where the
 * body is not chunked.
 */
export function endToEnd(raw: readonly string[]): string[] {
  const nominated = new Set<string>()
  let chunked = false
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    if (name === 'transfer-encoding') chunked = true
    if (name !== 'connection') continue
    for (const part of (raw[i + 1] ?? '').split(',')) nominated.add(part.trim().toLowerCase())
  }
  const out: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    if (HOP_BY_HOP.has(name) || name.startsWith(OWN)) continue
    if (name === 'content-length' ? chunked : nominated.has(name)) continue
    out.push(raw[i] ?? '', raw[i + 1] ?? '')
  }
  return out
}
