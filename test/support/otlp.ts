import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { messages } from './otlp-messages.ts'
import { decode, message } from './protobuf.ts'

/** The innermost list differs by signal; the rest of the shape is the same. */
const kinds = {
  '/v1/traces': {
    type: 'Traces',
    list: 'resourceSpans',
    scopes: 'scopeSpans',
    items: 'spans',
    of: 'Span',
  },
  '/v1/logs': {
    type: 'Logs',
    list: 'resourceLogs',
    scopes: 'scopeLogs',
    items: 'logRecords',
    of: 'LogRecord',
  },
  '/v1/metrics': {
    type: 'Metrics',
    list: 'resourceMetrics',
    scopes: 'scopeMetrics',
    items: 'metrics',
    of: 'Metric',
  },
} as const
type Path = keyof typeof kinds

type Attributes = Record<string, unknown>
interface From {
  /** Attributes of the resource, and the name of the scope. */
  resource: Attributes
  scope: string
}
export interface GotSpan extends From {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: Attributes
  events: { name: string; attributes: Attributes }[]
  links: { traceId: string; spanId: string; attributes: Attributes }[]
  status?: { code?: number; message?: string }
}
export interface GotLog extends From {
  eventName?: string
  severityNumber?: number
  severityText?: string
  body?: unknown
  traceId?: string
  spanId?: string
  attributes: Attributes
}
/** One data point of a metric. */
export interface GotPoint extends From {
  name: string
  unit: string
  kind: 'gauge' | 'sum' | 'histogram'
  attributes: Attributes
  /** Of gauges and sums. */
  value: number
  /** Of histograms. */
  count: number
  sum: number
  bucketCounts: number[]
  explicitBounds: number[]
}

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  endpoint: string
  spans: GotSpan[]
  logs: GotLog[]
  points: GotPoint[]
  /** Content type and encoding of each export, in order. */
  exports: { path: string; type: string; encoding: string; headers: IncomingMessage['headers'] }[]
  /** What `find` first gives that is neither undefined, null nor false; rejects after `ms`. */
  until<T>(find: () => T | undefined | null | false, ms?: number): Promise<T>
  close(): Promise<void>
}

/** An OTLP/HTTP back end on a free loopback port: protobuf and JSON, plain and gzip. */
export async function otlpReceiver(): Promise<OtlpReceiver> {
  const got: Pick<OtlpReceiver, 'spans' | 'logs' | 'points' | 'exports'> = {
    spans: [],
    logs: [],
    points: [],
    exports: [],
  }
  const wake = new Set<() => void>()
  const server = createServer((request, response) => {
    take(request, got).then(
      status => {
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
        for (const look of wake) look()
      },
      (error: unknown) => response.writeHead(400).end(String(error)),
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    ...got,
    endpoint: `http://127.0.0.1:${port}`,
    until: (find, ms = 10_000) =>
      new Promise((resolve, reject) => {
        const end = (): void => {
          wake.delete(look)
          clearTimeout(timer)
        }
        const look = (): void => {
          const found = find()
          if (found === undefined || found === null || found === false) return
          end()
          resolve(found)
        }
        const timer = setTimeout(() => {
          end()
          reject(new Error(`not exported within ${ms} ms`))
        }, ms)
        wake.add(look)
        look()
      }),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function take(
  request: IncomingMessage,
  got: Pick<OtlpReceiver, 'spans' | 'logs' | 'points' | 'exports'>,
): Promise<number> {
  const path = request.url ?? ''
  const parts: Buffer[] = []
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  const encoding = request.headers['content-encoding'] ?? ''
  const whole = Buffer.concat(parts)
  const body = encoding === 'gzip' ? gunzipSync(whole) : whole
  const type = request.headers['content-type'] ?? ''
  if (!(path in kinds)) return 404
  const items = itemsOf(path as Path, type, body)
  if (path === '/v1/traces') got.spans.push(...(items.map(span) as GotSpan[]))
  else if (path === '/v1/logs') got.logs.push(...(items as unknown as GotLog[]))
  else got.points.push(...items.flatMap(pointsOf))
  got.exports.push({ path, type, encoding, headers: request.headers })
  return 200
}

/** Spans, log records or metrics with their resource and scope beside them, attributes as plain objects. */
function itemsOf(path: Path, type: string, body: Buffer): (From & Attributes)[] {
  const kind = kinds[path]
  const json = type.startsWith('application/json')
  const table = { ...messages, Scopes: message('1 scope Scope', `2 ${kind.items}* ${kind.of}`) }
  const root = json
    ? (JSON.parse(body.toString('utf8')) as Attributes)
    : decode(table, kind.type, body)
  return lists(root[kind.list]).flatMap(one => {
    const resource = plain((one.resource as Attributes | undefined)?.attributes)
    return lists(one[json ? kind.scopes : 'scopes']).flatMap(scoped =>
      lists(scoped[kind.items]).map(item => ({
        ...item,
        ...(item.body === undefined ? {} : { body: value(item.body as Attributes) }),
        attributes: plain(item.attributes),
        resource,
        scope: text((scoped.scope as Attributes | undefined)?.name),
      })),
    )
  })
}

function span(item: From & Attributes): unknown {
  const inner = (list: unknown): Attributes[] =>
    lists(list).map(one => ({ ...one, attributes: plain(one.attributes) }))
  return { ...item, events: inner(item.events), links: inner(item.links) }
}

function pointsOf(metric: From & Attributes): GotPoint[] {
  const kind = (['gauge', 'sum', 'histogram'] as const).find(name => metric[name] !== undefined)
  if (kind === undefined) return []
  return lists((metric[kind] as Attributes).dataPoints).map(point => ({
    resource: metric.resource,
    scope: metric.scope,
    name: text(metric.name),
    unit: text(metric.unit),
    kind,
    attributes: plain(point.attributes),
    value: Number(point.asDouble ?? point.asInt ?? 0),
    count: Number(point.count ?? 0),
    sum: Number(point.sum ?? 0),
    bucketCounts: ((point.bucketCounts as unknown[]) ?? []).map(Number),
    explicitBounds: ((point.explicitBounds as unknown[]) ?? []).map(Number),
  }))
}

function text(given: unknown): string {
  return typeof given === 'string' ? given : ''
}

function lists(list: unknown): Attributes[] {
  return (list as Attributes[] | undefined) ?? []
}

function plain(attributes: unknown): Attributes {
  return Object.fromEntries(
    lists(attributes).map(({ key, value: given }) => [String(key), value(given as Attributes)]),
  )
}

/** An AnyValue as what it holds. */
function value(any: Attributes | undefined): unknown {
  if (any === undefined) return null
  if (any.arrayValue !== undefined) return lists((any.arrayValue as Attributes).values).map(value)
  if (any.kvlistValue !== undefined) return plain((any.kvlistValue as Attributes).values)
  if (any.intValue !== undefined) return Number(any.intValue)
  return any.stringValue ?? any.boolValue ?? any.doubleValue ?? any.bytesValue ?? null
}
