import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { list, map, nullable, object, text, that, type Schema } from '../../core/model/schema.ts'
import { arrivalsOf, seeded, type Arrival } from './arrivals.ts'
import type { Traffic } from './plan.ts'

/** Sends the traffic of a file, open loop: an arrival is sent when it is due, whatever became of those before it. */
export interface TrafficPlan {
  /** Endpoint's short name -> URL. */
  urls: Record<string, string>
  traffic: Traffic[]
}

const some: Schema<number> = that('a number from 0', v => typeof v === 'number' && v >= 0)
const filled: Schema<object> = that('a mapping or a list', v => typeof v === 'object' && v !== null)

/** As `up` writes it. */
export const trafficPlan: Schema<TrafficPlan> = object({
  urls: map(text(2000), 1000),
  traffic: list(
    object({
      endpoint: text(),
      method: text(10),
      path: text(1000),
      headers: map(text(1000), 50),
      bodies: list(filled, 1000),
      bodiesFile: nullable(text(4096)),
      trace: nullable(object({ file: text(4096), speed: some, share: some })),
      perSecond: some,
      surges: list(
        object({ atMs: some, forMs: some, perSecond: some, everyMs: nullable(some) }),
        20,
      ),
    }),
    1000,
  ),
})

/** Due arrivals are looked for this often. */
const STEP_MS = 20
/** More than this in flight means that this machine can't keep up; further arrivals are left out and told. */
const MOST_IN_FLIGHT = 2000

export function runTraffic(
  plan: TrafficPlan,
  says: (sentence: string) => void,
): { stop(): Promise<void> } {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 256 })
  const began = performance.now()
  let last = 0
  let inFlight = 0
  let leftOut = 0
  const streams = plan.traffic.map((traffic, i) => ({
    traffic,
    arrivals: arrivalsOf(traffic, seeded(i + 1)),
    body: bodiesOf(traffic),
    url: plan.urls[traffic.endpoint] ?? '',
  }))
  const timer = setInterval(() => {
    const now = performance.now() - began
    for (const { traffic, arrivals, body, url } of streams) {
      for (const arrival of arrivals(last, now)) {
        if (inFlight >= MOST_IN_FLIGHT) leftOut++
        else send(traffic, `${url}${traffic.path}`, body(arrival))
      }
    }
    last = now
    if (leftOut > 0) says(`${leftOut} arrivals left out: ${MOST_IN_FLIGHT} are in flight already`)
    leftOut = 0
  }, STEP_MS)

  function send(traffic: Traffic, url: string, body: Buffer | null): void {
    inFlight++
    let open = true
    const done = (): void => {
      if (open) inFlight--
      open = false
    }
    const headers = {
      ...traffic.headers,
      ...(body === null
        ? {}
        : { 'content-type': 'application/json', 'content-length': body.length }),
    }
    const asked = request(url, { method: traffic.method, agent, headers }, response => {
      response.resume()
      response.on('close', done)
    })
    asked.on('error', done)
    asked.end(body ?? undefined)
  }

  return {
    async stop() {
      clearInterval(timer)
      for (let waited = 0; inFlight > 0 && waited < 100; waited++)
        await new Promise(next => setTimeout(next, 100))
      agent.destroy()
    },
  }
}

/** Bodies in turn; "${prompt}" becomes as many words as the trace's context tokens, "${generated}" its number. */
function bodiesOf(traffic: Traffic): (arrival: Arrival) => Buffer | null {
  const fromFile =
    traffic.bodiesFile === null
      ? []
      : (JSON.parse(readFileSync(traffic.bodiesFile, 'utf8')) as unknown[])
  const bodies = [...traffic.bodies, ...fromFile].map(body => JSON.stringify(body))
  let turn = 0
  return arrival => {
    if (bodies.length === 0) return null
    const body = bodies[turn++ % bodies.length] ?? ''
    return Buffer.from(
      body
        .replaceAll('"${generated}"', String(Math.max(1, arrival.generated)))
        .replaceAll('${prompt}', () => 'word '.repeat(Math.max(1, arrival.context)).trimEnd()),
    )
  }
}
