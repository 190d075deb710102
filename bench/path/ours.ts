import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import type { ReplicaTable } from '../../core/model/tables.ts'
import { serve } from '../../core/runtime/admin.ts'
import { newKeyPair, signer } from '../../core/runtime/signing.ts'
import { run as image } from '../../scripts/image-config.ts'
import { until } from '../../test/cluster/machine/processes.ts'
import { freePort, root, state } from '../cluster/machine.ts'
import { startOn } from './lab.ts'
import { edgeCommand, productCommand } from './product.ts'

/**
 * Ours as users run it: the compiled sidecar with the image's flags and environment and what the injector sets, its
 * spans exported to a collector that takes all, its samples followed as an aggregator does. Only its limit is one that
 * a bench does not reach: learning it takes minutes and orders. The edge is as the chart starts it.
 */
const ENDPOINT = 'bench/path'
const REVISION = 'r1'
const LIMIT = 1000
const keys = newKeyPair()
const until2100 = Date.UTC(2100, 0)

export interface Around {
  collector: string
  controller: string
  /** Bytes of spans that the collector took. */
  exported(): number
  /** The edge's next table. */
  table(entry: { port: number; sidecar: string }): void
}

/** The collector and the controller, in the bench's own process. */
export async function around(): Promise<Around> {
  let bytes = 0
  const collector = createServer((request, response) => {
    request.on('data', (part: Buffer) => (bytes += part.length))
    request.once('end', () => response.end())
  })
  await new Promise<void>(resolve => collector.listen(0, '127.0.0.1', resolve))
  collector.unref()
  const { port } = collector.address() as AddressInfo
  let table: ReplicaTable = { v: 1, version: 1, endpoints: [] }
  const handle = () => ({
    follow: (write: (line: unknown) => boolean) => {
      write(table)
      return () => undefined
    },
  })
  const controller = await serve({
    host: '127.0.0.1',
    port: 0,
    routes: [{ at: 'GET /v1/replicas', handle }],
  })
  return {
    collector: `http://127.0.0.1:${port}`,
    controller: `http://${controller.address}`,
    exported: () => bytes,
    table: entry => (table = tableOf(entry)),
  }
}

function tableOf({ port, sidecar }: { port: number; sidecar: string }): ReplicaTable {
  const pass = signer(keys, until2100).pass({
    edge: 'edge-1',
    endpoint: ENDPOINT,
    until: until2100,
  })
  const replica = { replica: 'replica-1', address: sidecar, ready: true, revision: REVISION }
  const entry = {
    endpoint: ENDPOINT,
    port,
    revision: REVISION,
    limit: LIMIT,
    queueUs: 5_000_000,
    objectiveUs: null,
    maxReplicas: 1,
    pass,
    replicas: [replica],
  }
  return { v: 1, version: 1, endpoints: [entry] }
}

const following = new Set<AbortController>()

/** As an aggregator would: each second's line is read. */
async function follow(admin: string): Promise<void> {
  const abort = new AbortController()
  following.add(abort)
  const answer = await fetch(`http://${admin}/v1/samples?follow=1&rest=1`, { signal: abort.signal })
  const reading = answer.body?.pipeTo(new WritableStream())
  reading?.catch(() => undefined)
}

export function unfollow(): void {
  for (const abort of following) abort.abort()
  following.clear()
}

async function ready(name: string, admin: string): Promise<void> {
  const asks = async (): Promise<boolean> => (await fetch(`http://${admin}/readyz`)).ok
  await until(`${name} is ready`, asks, { seconds: 20 })
  await follow(admin)
}

export async function startSidecar(
  { collector }: Around,
  { core, name, port, upstream }: { core: string; name: string; port: number; upstream: number },
): Promise<void> {
  const [admin, metrics] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
  startOn(core, name, [...productCommand(image.Entrypoint, root), 'sidecar'], {
    ...Object.fromEntries(image.Env.map(line => line.split('=', 2) as [string, string])),
    PATH: process.env.PATH ?? '',
    HOME: state,
    OUTRIGGER_ENDPOINT: ENDPOINT,
    OUTRIGGER_REVISION: REVISION,
    OUTRIGGER_REPLICA: 'replica-1',
    OUTRIGGER_ROOT_KEY: keys.publicKey,
    OUTRIGGER_APP: `127.0.0.1:${upstream}`,
    OUTRIGGER_TRAFFIC: `127.0.0.1:${port}`,
    OUTRIGGER_ADMIN: admin,
    OUTRIGGER_METRICS: metrics,
    OUTRIGGER_STATE_DIR: join(state, `${name}-state`),
    OUTRIGGER_FIRST_LIMIT: String(LIMIT),
    OUTRIGGER_MAX_UPGRADES: String(LIMIT),
    OUTRIGGER_OWN_LOOPBACK: 'yes',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector,
  })
  await ready(name, admin)
}

export async function startEdge(
  { collector, controller }: Around,
  { core, name, port }: { core: string; name: string; port: number },
): Promise<void> {
  const admin = `127.0.0.1:${await freePort()}`
  const chart = readFileSync(join(root, 'deploy/manifests/outrigger.yaml'), 'utf8')
  startOn(core, name, [...productCommand(edgeCommand(chart), root), 'edge'], {
    NODE_ENV: 'production',
    OUTRIGGER_CONTROLLER: controller,
    OUTRIGGER_EDGE: 'edge-1',
    OUTRIGGER_ADMIN: admin,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector,
  })
  await ready(name, admin)
  await until(`${name} listens on ${port}`, async () => {
    const { endpoints } = (await (await fetch(`http://${admin}/v1/edge`)).json()) as {
      endpoints: Record<string, string>
    }
    return endpoints[ENDPOINT]?.endsWith(`:${port}`) === true
  })
}
