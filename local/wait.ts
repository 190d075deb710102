import { call } from '../core/runtime/call.ts'
import type { Component } from './components.ts'
import type { EndpointPlan } from './file.ts'
import type { LocalPlatform } from './platform.ts'
import { accepts } from './ports.ts'
import { lastLine } from './site.ts'

/** A model did not become ready: what was asked, and what its log said last. */
export class NotReady extends Error {}
/** A component does not answer. */
export class Unreachable extends Error {}

const COMPONENT_READY_MS = 20_000

/** Resolves when all of it serves. Throws Unreachable or NotReady in words for a person. */
export async function allReady(
  endpoints: EndpointPlan[],
  platform: LocalPlatform,
  components: Component[],
  where: {
    host: string
    at: { aggregator: number; controller: number; edge: number; endpoints: number[] }
    signal: AbortSignal
  },
): Promise<void> {
  const { host, at } = where
  const failed = new AbortController()
  const signal = AbortSignal.any([where.signal, failed.signal])
  const admin: Record<string, number> = {
    aggregator: at.aggregator,
    controller: at.controller,
    edge: at.edge,
  }
  const all = Promise.all([
    ...components.map(component =>
      componentReady(component, `${host}:${admin[component.name]}`, signal),
    ),
    ...endpoints.map((endpoint, i) =>
      endpointReady(endpoint, platform, { host, port: at.endpoints[i] ?? 0, signal }),
    ),
  ])
  // One that failed is enough: nobody waits for the others.
  await all.finally(() => failed.abort())
}

async function componentReady(
  component: Component,
  address: string,
  signal: AbortSignal,
): Promise<void> {
  const answered = await within(COMPONENT_READY_MS, signal, async () => {
    const answer = await call('GET', `http://${address}/healthz`, { timeoutMs: 1000 }).catch(
      () => null,
    )
    return answer?.status === 200
  })
  if (answered) return
  const words = lastLine(component.logFile)
  throw new Unreachable(
    `the ${component.name} can't be reached at ${address} after ${COMPONENT_READY_MS / 1000} s${words === '' ? '' : `; its log says: ${words}`}. Look into ${component.logFile}, mend what it says, and start again.`,
  )
}

async function endpointReady(
  endpoint: EndpointPlan,
  platform: LocalPlatform,
  { host, port, signal }: { host: string; port: number; signal: AbortSignal },
): Promise<void> {
  if (endpoint.settings['min-replicas'] === 0) return
  const ready = await within(endpoint.readyWithinMs, signal, () => {
    const rows =
      platform.table().endpoints.find(row => row.endpoint === endpoint.endpoint)?.replicas ?? []
    return Promise.resolve(rows.some(row => row.state === 'ready'))
  })
  if (ready && (await within(COMPONENT_READY_MS, signal, () => accepts(host, port)))) return
  if (ready)
    throw new Unreachable(
      `the edge does not listen for ${endpoint.name} on ${host}:${port}; see edge.log`,
    )
  const words = platform.lastWords(endpoint.endpoint)
  const probe =
    endpoint.ready === null
      ? 'its port accepts no connection'
      : `GET ${endpoint.ready} gives nothing from 200 to 399`
  throw new NotReady(
    `${endpoint.name} is not ready after ${endpoint.readyWithinMs / 1000} s: ${probe}${words === '' ? '' : `; it said: ${words}`}. ` +
      `Does it listen on the port in \${PORT}? Give it longer with ready-within, or another path with ready.`,
  )
}

/** Asks four times a second until it is so, at most `ms`. Throws when the person gave up. */
async function within(
  ms: number,
  signal: AbortSignal,
  isSo: () => Promise<boolean>,
): Promise<boolean> {
  const until = performance.now() + ms
  while (performance.now() < until) {
    if (signal.aborted) throw new Error('stopped while starting')
    if (await isSo()) return true
    await new Promise(done => setTimeout(done, 250))
  }
  return false
}
