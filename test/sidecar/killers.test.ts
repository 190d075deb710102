import test from 'ava'
import { raw, recorder, sidecar, type Recorded } from './support.ts'

/**
 * Requests that are known to kill http-proxy, to pass a second request through it, or to be read
 * differently by two servers. Raw bytes to a real sidecar; what the model saw is recorded.
 */
interface Killer {
  name: string
  bytes: string
  /** Status of each answer, in order. */
  statuses: number[]
  /** What the model may have seen. */
  saw?: (requests: Recorded[]) => boolean
}

const nothing = (requests: Recorded[]): boolean => requests.length === 0
const one = (requests: Recorded[]): boolean => requests.length === 1
const INNER = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
const close = 'Connection: close\r\n'
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`

const killers: Killer[] = [
  {
    name: 'a Trailer header on a GET',
    bytes: `GET / HTTP/1.1\r\nHost: a\r\nTrailer: foo\r\n${close}\r\n`,
    statuses: [200],
    saw: ([r]) => r !== undefined && !('trailer' in r.headers),
  },
  {
    name: 'a chunked DELETE with a request inside',
    bytes: `DELETE /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(INNER)}GET /next HTTP/1.1\r\nHost: a\r\n${close}\r\n`,
    statuses: [200, 200],
    saw: requests =>
      requests.map(r => `${r.method} ${r.url}`).join() === 'DELETE /x,GET /next' &&
      requests[0]?.body === INNER,
  },
  {
    name: 'a chunked OPTIONS with a request inside',
    bytes: `OPTIONS /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${close}\r\n${chunk(INNER)}`,
    statuses: [200],
    saw: requests => requests.length === 1 && requests[0]?.body === INNER,
  },
  {
    name: 'headers that Connection names, and other hop-by-hop ones',
    bytes: `GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Secret\r\nX-Secret: 1\r\nKeep-Alive: 1\r\nTE: trailers\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: x\r\nX-Kept: 2\r\n\r\n`,
    statuses: [200],
    saw: ([r]) =>
      r !== undefined &&
      ['x-secret', 'te', 'proxy-connection', 'proxy-authorization'].every(
        name => !(name in r.headers),
      ) &&
      r.headers['x-kept'] === '2',
  },
  {
    name: 'Connection naming Content-Length',
    bytes: `POST / HTTP/1.1\r\nHost: a\r\nConnection: close, content-length\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`,
    statuses: [400],
  },
  {
    name: 'Content-Length and Transfer-Encoding',
    bytes: `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${INNER}`,
    statuses: [400],
  },
  {
    name: 'Transfer-Encoding on HTTP/1.0',
    bytes: 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    statuses: [400],
  },
  {
    name: 'TE identity, chunked',
    bytes: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n',
    statuses: [400],
  },
  {
    name: 'TE , chunked',
    bytes: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: , chunked\r\n\r\n0\r\n\r\n',
    statuses: [400],
  },
  {
    name: 'TE gzip, chunked',
    bytes: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    statuses: [501],
  },
  {
    name: 'two Transfer-Encodings',
    bytes:
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    statuses: [400],
  },
  {
    name: 'content_length with an underscore',
    bytes: `POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 4\r\n\r\n`,
    statuses: [400],
  },
  {
    name: 'two Content-Lengths',
    bytes: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 4\r\n\r\nabcd',
    statuses: [400],
  },
  {
    name: 'a signed Content-Length',
    bytes: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\nabcd',
    statuses: [400],
  },
  {
    name: 'a space before the colon',
    bytes: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 4\r\n\r\nabcd',
    statuses: [400],
  },
  {
    name: 'a folded line',
    bytes: 'GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n folded\r\n\r\n',
    statuses: [400],
  },
  { name: 'bare LF', bytes: 'GET / HTTP/1.1\nHost: a\n\n', statuses: [400] },
  {
    name: 'NUL in a value',
    bytes: 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n',
    statuses: [400],
  },
  { name: 'no Host', bytes: 'GET / HTTP/1.1\r\n\r\n', statuses: [400] },
  { name: 'two Hosts', bytes: 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', statuses: [400] },
  {
    name: 'absolute-form with another Host',
    bytes: 'GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n',
    statuses: [400],
  },
  {
    name: 'absolute-form with the same Host',
    bytes: `GET http://a/x?y HTTP/1.1\r\nHost: a\r\n${close}\r\n`,
    statuses: [200],
    saw: ([r]) => r?.url === '/x?y',
  },
  {
    name: 'CONNECT',
    bytes: 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n',
    statuses: [501],
  },
  {
    name: 'an upgrade with a body',
    bytes: `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`,
    statuses: [400],
  },
  {
    name: 'an upgrade to h2c',
    bytes:
      'GET /h2 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n',
    statuses: [200],
    saw: ([r]) => r !== undefined && !('upgrade' in r.headers) && !('http2-settings' in r.headers),
  },
  {
    name: 'chunk sizes that are none',
    bytes:
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x4\r\nabcd\r\n0\r\n\r\n',
    statuses: [400],
    saw: requests => requests.every(r => r.body === ''),
  },
  {
    name: 'chunk extensions and trailers',
    bytes: `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${close}\r\n4;a=b\r\nabcd\r\n0\r\nX-Trailer: 9\r\n\r\n`,
    statuses: [200],
    saw: ([r]) => r?.body === 'abcd' && !('x-trailer' in r.headers),
  },
  {
    name: 'framing in a trailer',
    bytes: `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 9\r\n\r\n`,
    statuses: [400],
    saw: requests => requests.every(r => r.body === ''),
  },
  {
    name: 'an expectation that is none',
    bytes: 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 0\r\n\r\n',
    statuses: [417],
  },
  {
    name: 'HTTP/2.0 in plain text',
    bytes: 'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
    statuses: [505],
  },
  {
    name: 'too many headers',
    bytes: `GET / HTTP/1.1\r\nHost: a\r\n${'A: b\r\n'.repeat(101)}\r\n`,
    statuses: [431],
  },
  {
    name: 'too many bytes of headers',
    bytes: `GET / HTTP/1.1\r\nHost: a\r\nA: ${'b'.repeat(40_000)}\r\n\r\n`,
    statuses: [431],
  },
  {
    name: 'headers of our own from a client',
    bytes: `GET / HTTP/1.1\r\nHost: a\r\nX-Outrigger-Pass: forged\r\nX_Outrigger_Slots: 9;9\r\n${close}\r\n`,
    statuses: [200],
    saw: ([r]) => r !== undefined && !r.raw.some(text => /outrigger/i.test(text)),
  },
]

const refused = (statuses: number[]): boolean => statuses.every(status => status >= 400)

for (const { name, bytes, statuses, saw } of killers) {
  test(`${name}: ${statuses.join(', ')}`, async t => {
    const origin = await recorder(t)
    const { traffic, admin } = await sidecar(t, origin.address)
    const text = await raw(traffic, bytes)
    const got = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(match => Number(match[1]))
    t.deepEqual(got, statuses, text)
    t.true((saw ?? (refused(statuses) ? nothing : one))(origin.requests), show(origin.requests))
    t.false(origin.requests.some(r => r.url === '/smuggled'))
    // It lives, and the next request is a request of its own.
    const after = await raw(traffic, `GET /after HTTP/1.1\r\nHost: a\r\n${close}\r\n`)
    t.regex(after, /^HTTP\/1\.1 200 /)
    t.is(origin.requests.at(-1)?.url, '/after')
    t.regex(
      await raw(admin, `GET /healthz HTTP/1.1\r\nHost: a\r\n${close}\r\n`),
      /^HTTP\/1\.1 200 /,
    )
  })
}

function show(requests: Recorded[]): string {
  return JSON.stringify(requests)
}
