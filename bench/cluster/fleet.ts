import { createServer } from 'node:http'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { Order, SignedOrder } from '../../core/model/order.ts'
import type { Targets } from '../../core/model/tables.ts'
import { serve } from '../../core/runtime/admin.ts'
import { Fleet } from '../../test/controller/support/fleet.ts'

/**
 * node fleet.ts SIDECARS-PORT AGGREGATOR-PORT: all sidecars of the fleet, which take orders and do what they
 * say, and an aggregator that tells a plausible second of each endpoint each second.
 */
const [sidecars = 0, aggregator = 0] = process.argv.slice(2).map(Number)

interface Endpoint {
  model: Fleet
  replicas: { name: string; ip: string }[]
  newest: Order | null
}

const SERVICE_S = 0.08
const UTILISATION = 0.8
/** Replicas that calm and busy traffic need: below and above the ten that there are. */
const CALM = 8
const BUSY = 13
/** Lines written before streams get their turn, as the aggregator does it. */
const AT_ONCE = 20

const endpoints = new Map<string, Endpoint>()
/** By the sidecar's address. */
const orders = new Map<string, Order>()
const counts = { orders: 0, targets: 0, seconds: 0, skipped: 0, bytes: 0 }
const readers = new Set<(line: string) => void>()
let busy = 0
let running = false

await serve({
  host: '127.0.0.1',
  port: aggregator,
  routes: [
    {
      at: 'PUT /v1/targets',
      async handle(ask) {
        takeTargets((await ask.json(64 * 1024 * 1024)) as Targets)
        return { status: 200, json: {} }
      },
    },
    {
      at: 'GET /v1/windows',
      handle: () => ({
        follow(write) {
          readers.add(write)
          return () => void readers.delete(write)
        },
      }),
    },
    {
      at: 'PUT /busy/:count',
      handle({ params }) {
        busy = Number(params.count)
        return { status: 200, json: {} }
      },
    },
    {
      at: 'GET /counts',
      handle: () => ({ status: 200, json: { ...counts, endpoints: endpoints.size } }),
    },
  ],
})

createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8')
  request.on('data', (part: string) => (body += part))
  request.on('end', () => {
    const { order } = JSON.parse(body) as SignedOrder
    orders.set(request.socket.localAddress ?? '', order)
    const endpoint = endpoints.get(order.endpoint)
    if (endpoint !== undefined) endpoint.newest = order
    counts.orders++
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
}).listen(sidecars, '0.0.0.0')

setInterval(() => {
  if (running) counts.skipped++
  else void second()
}, 1000)
process.stdin.on('end', () => process.exit(0)).resume()

async function second(): Promise<void> {
  running = true
  const at = Date.now()
  let told = 0
  for (const each of endpoints.values()) {
    const line = JSON.stringify(windowsOf(each, at))
    counts.bytes += line.length
    for (const write of readers) write(line)
    if (++told % AT_ONCE === 0) await yieldToOthers()
  }
  if (told === 0) for (const write of readers) write('')
  counts.seconds++
  running = false
}

/** Each replica shows the order that it holds itself. */
function windowsOf({ model, replicas, newest }: Endpoint, at: number): unknown {
  const told = model.second(at, newest)
  const rows = told.replicas.map((row, i) => {
    const order = orders.get(replicas[i]?.ip ?? '') ?? null
    return {
      ...row,
      replica: replicas[i]?.name ?? '',
      effective: order?.limit ?? 1,
      order: order === null ? null : { epoch: order.epoch, n: order.n },
    }
  })
  return { ...told, replicas: rows }
}

function takeTargets({ targets }: Targets): void {
  counts.targets++
  firstAt = Math.min(firstAt, Date.now())
  const found = new Map<string, Endpoint['replicas']>()
  for (const { endpoint, replica, admin, expected } of targets) {
    if (endpoint === null || !expected) continue
    const list = found.get(endpoint) ?? []
    list.push({ name: replica, ip: admin.slice(0, admin.lastIndexOf(':')) })
    found.set(endpoint, list)
  }
  for (const [name, replicas] of found) {
    const known = endpoints.get(name) ?? made(name)
    known.replicas = replicas
    known.model.scale(replicas.length, Date.now())
  }
  for (const name of endpoints.keys()) if (!found.has(name)) endpoints.delete(name)
}

/** Teams come one after the other: so many endpoints a second get their traffic. */
const COMING = 5
let firstAt = Infinity

/** Its traffic keeps a share of its limits busy, whatever these are learned to be. */
function made(name: string): Endpoint {
  const number = Number(name.slice(name.lastIndexOf('-') + 1))
  const rate = (): number => {
    if (number >= ((Date.now() - firstAt) / 1000) * COMING) return 0
    const needed = number < busy ? BUSY : CALM
    const limit = endpoints.get(name)?.newest?.limit ?? 4
    return Math.round((needed * UTILISATION * limit) / SERVICE_S)
  }
  const each = { model: new Fleet(name, 1 + number, rate), replicas: [], newest: null }
  endpoints.set(name, each)
  return each
}
