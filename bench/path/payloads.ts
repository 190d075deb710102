/** What is sent through each proxy, and how. */
export const payloadNames = ['31B', '10KB', '1MB', 'sse', 'websocket', 'grpc', 'idle'] as const
export type PayloadName = (typeof payloadNames)[number]

export const proxyNames = [
  'nginx',
  'haproxy',
  'http-proxy',
  'undici',
  'http2-relay',
  'outrigger',
  'outrigger-chain',
  'nginx-twice',
] as const
export type ProxyName = (typeof proxyNames)[number]

/** Which upstream answers: files, paced streams and echoes, or gRPC. */
export type UpstreamKind = 'files' | 'streams' | 'grpc'

export interface Payload {
  says: string
  path: string
  upstream: UpstreamKind
  /**
   * closed: as fast as it goes with so many connections, then open loop at half of that and over two connections.
   * open: the same rate for all, as long as each keeps up.
   */
  load: 'closed' | 'open'
  connections: number
  /** What one of the counted things is. */
  unit: string
  /** Bytes of a body, where bytes are the point. */
  bytes?: number
}

/** Exactly 31 bytes. */
export const SMALL = '{"label":7,"score":0.987654321}'
export const MEDIUM_BYTES = 10_240
export const LARGE_BYTES = 1_048_576
export const IDLE_CONNECTIONS = 1000
/** Events of a stream, and ms between two. */
export const TOKENS = 200
export const TOKEN_MS = 5
/** Messages a second over all WebSockets. */
export const ECHOES = 8000
/** Half of a saturation, at most: what our generator of gRPC calls sends on time. */
export const MOST_CALLS = 6000
/** Requests a second over two connections: the same for all, well below what any carries. 1 MB: fewer. */
export const TWO = { rate: 1000, largeRate: 100 }

const closed = { upstream: 'files', load: 'closed', unit: 'request' } as const

export const payloads: Record<PayloadName, Payload> = {
  '31B': { ...closed, says: '31 bytes of JSON', path: '/31b', connections: 32 },
  '10KB': { ...closed, says: '10 KB', path: '/10kb', connections: 32 },
  '1MB': { ...closed, says: '1 MB', path: '/1mb', connections: 8, bytes: LARGE_BYTES },
  sse: {
    says: `streams of ${TOKENS} events, one each ${TOKEN_MS} ms`,
    path: '/sse',
    upstream: 'streams',
    load: 'open',
    connections: 100,
    unit: 'stream',
  },
  websocket: {
    says: `64 bytes there and back, ${ECHOES} a second`,
    path: '/ws',
    upstream: 'streams',
    load: 'open',
    connections: 64,
    unit: 'echo',
  },
  grpc: {
    says: 'unary calls over h2c, 8 at a time on each connection',
    path: '/bench.Echo/Unary.grpc',
    upstream: 'grpc',
    load: 'closed',
    connections: 8,
    unit: 'call',
  },
  idle: {
    ...closed,
    says: `31 bytes of JSON beside ${IDLE_CONNECTIONS} idle connections`,
    path: '/31b',
    connections: 32,
  },
}

/** Streams that a gRPC client has open on each connection. */
export const GRPC_STREAMS = 8

/** Whether a proxy is made for it: our edge speaks HTTP/1.1 only. */
export function applies(proxy: ProxyName, payload: PayloadName): boolean {
  if (payload !== 'grpc') return proxy !== 'http2-relay'
  return proxy !== 'http-proxy' && proxy !== 'undici' && proxy !== 'outrigger-chain'
}

/** Names separated by commas; throws with what there is. Empty: all. */
export function chosen<Name extends string>(
  option: string,
  text: string,
  names: readonly Name[],
): Name[] {
  if (text === '') return [...names]
  const asked = text.split(',').map(name => name.trim())
  const wrong = asked.filter(name => !names.some(known => known === name))
  if (wrong.length > 0)
    throw new Error(`${option}: expected some of ${names.join(', ')}, got ${wrong.join(', ')}`)
  return names.filter(name => asked.includes(name))
}
