import type { IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2'
import type { Refusal } from '../../../core/http/head.ts'
import { timeoutUs } from './grpc.ts'

/**
 * The strict reading of a request's head (RFC 9113 8). nghttp2 has checked what HTTP/2 itself forbids: pseudo-headers
 * twice, missing or behind others, capitals, headers of a connection, bytes that no header may have, a length that
 * the body belies. Here is what else a model must not be fooled by.
 */
export interface H2Head {
  method: string
  /** Without its query. */
  path: string
  /** As they are sent on, pseudo-headers among them. */
  headers: Record<string, string | string[]>
  body: { kind: 'none' | 'chunked' }
  expectsContinue: boolean
  grpc: boolean
  /** grpc-timeout, us. */
  timeoutUs: number | null
  /** The client says that trailers come behind its body. */
  trailers: boolean
  /** Headers of our own, taken out: name without x-outrigger- and value. */
  own: Record<string, string>
}

const refuse = (why: string): Refusal => ({ status: 400, why })
const BAD_TARGET = refuse('the target is no URI')
const BAD_FORM = refuse('the target is no path')
const BAD_HOST = refuse('the authority is a name or an address, and a port')
const NO_HOST = refuse('a request needs one authority')
const TWO_HOSTS = refuse('Host names another authority')
const BAD_EXPECT: Refusal = { status: 417, why: 'the only expectation known is 100-continue' }
const NO_CONNECT: Refusal = { status: 501, why: 'CONNECT is not for a model' }

const OWN = 'x-outrigger-'
/** Between two hops. `te` says "trailers" at most, which is needed by gRPC and true of us. */
const HOP = new Set([
  'proxy-authenticate',
  'proxy-authorization',
  'http2-settings',
  'expect',
  'host',
])
/** What servers that map "_" to "-" (CGI, WSGI) would take for framing. */
const CONFUSABLE = new Set(['content-length', 'transfer-encoding', 'host', 'connection', 'trailer'])
const AUTHORITY = /^([A-Za-z0-9._~%!$&'()*+;=-]*|\[[0-9A-Fa-f:.]+\])(:\d*)?$/

/** Takes `headers` over: it becomes the head's. `ended`: there is no body. */
export function readH2Head(headers: IncomingHttpHeaders, ended: boolean): H2Head | Refusal {
  const method = headers[':method'] ?? ''
  if (method === 'CONNECT') return NO_CONNECT
  const target = headers[':path'] ?? ''
  if (!/^[!-~]+$/.test(target) || target.includes('#')) return BAD_TARGET
  if (!target.startsWith('/') && !(target === '*' && method === 'OPTIONS')) return BAD_FORM
  const flaw = readAuthority(headers)
  if (flaw !== null) return flaw
  const expects = headers.expect
  if (expects !== undefined && expects.toLowerCase() !== '100-continue') return BAD_EXPECT
  // A mesh may have ended TLS before us; between us and the model there is none.
  headers[':scheme'] = 'http'
  const own: Record<string, string> = {}
  const confused = takeOut(headers, own)
  if (confused !== null) return confused
  const query = target.indexOf('?')
  const grpc = isGrpc(headers)
  return {
    method,
    path: query < 0 ? target : target.slice(0, query),
    headers: headers as Record<string, string | string[]>,
    body: { kind: ended ? 'none' : 'chunked' },
    expectsContinue: expects !== undefined && !ended,
    grpc,
    timeoutUs: grpc ? timeoutUs(one(headers['grpc-timeout'])) : null,
    trailers: headers.trailer !== undefined,
    own,
  }
}

export type AnswerHead = IncomingHttpHeaders & IncomingHttpStatusHeader

/** For errors that are told otherwise. One for all: a stream has many listeners as it is. */
export const nothing = (): void => undefined

/** Of a final answer. Node throws at others, and a model may send what it likes. */
export function isStatus(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status <= 599
}

const EMPTY = new Set([204, 205, 304])

/** RFC 9110 6.4.1: no body whatever the headers say. */
export function isEmpty(headers: AnswerHead): boolean {
  return EMPTY.has(headers[':status'] ?? 0)
}

export function isGrpc(headers: IncomingHttpHeaders): boolean {
  return headers['content-type']?.startsWith('application/grpc') === true
}

function one(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function isEventStream(headers: IncomingHttpHeaders): boolean {
  return headers['content-type']?.startsWith('text/event-stream') === true
}

/** RFC 9113 8.3.1: Host may stand for :authority, but not against it. */
function readAuthority(headers: IncomingHttpHeaders): Refusal | null {
  const { host } = headers
  const authority = headers[':authority'] ?? host
  if (authority === undefined || authority === '') return NO_HOST
  if (host !== undefined && host.toLowerCase() !== authority.toLowerCase()) return TWO_HOSTS
  headers[':authority'] = authority
  return AUTHORITY.test(authority) ? null : BAD_HOST
}

/** What goes no further than to us; our own headers are noted in `own`. Most heads have nothing of it. */
function takeOut(headers: IncomingHttpHeaders, own: Record<string, string>): Refusal | null {
  for (const name in headers) {
    const plain = name.includes('_') ? name.replaceAll('_', '-') : name
    if (plain.startsWith(OWN)) {
      const value = headers[name]
      if (plain === name && typeof value === 'string') own[name.slice(OWN.length)] = value
    } else if (plain !== name && CONFUSABLE.has(plain)) {
      return refuse(`${name} looks like a framing header`)
    } else if (!HOP.has(name)) continue
    delete headers[name]
  }
  return null
}

/** Takes out of an answer's headers or trailers, or of a request's trailers, what is ours to say. */
export function cleaned(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  for (const name in headers) {
    if (name.startsWith(OWN) || HOP.has(name)) delete headers[name]
  }
  return headers
}
