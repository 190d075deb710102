import { Agent, request, type IncomingMessage } from 'node:http'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { check } from '../../core/model/schema.ts'
import { sample, type Sample } from '../../core/model/sample.ts'
import type { ReplicaTable } from '../../core/model/tables.ts'
import { serve } from '../../core/runtime/admin.ts'
import { newKeyPair, signer } from '../../core/runtime/signing.ts'
import { readConfig } from '../../edge/config.ts'
import { startEdge, type Edge } from '../../edge/main.ts'
import type { FakeSidecar } from './fake-sidecar.ts'

export const ENDPOINT = 'local/digits'
export const TOKEN = 'a shared token'
type Entry = ReplicaTable['endpoints'][number]

const pass = signer(newKeyPair(), 4e12).pass({ edge: 'edge-1', endpoint: ENDPOINT, until: 4e12 })

export function entry(sidecars: FakeSidecar[], extra: Partial<Entry> = {}): Entry {
  return {
    endpoint: ENDPOINT,
    port: 0,
    revision: 'r1',
    limit: sidecars[0]?.limit ?? 1,
    queueUs: 5_000_000,
    objectiveUs: null,
    maxReplicas: 4,
    pass,
    replicas: sidecars.map(({ address }) => ({
      replica: `r-${address.split(':')[1]}`,
      address,
      ready: true,
      revision: 'r1',
    })),
    ...extra,
  }
}

/** A controller that hands out tables and hears who asks for replicas. */
export async function fakeController(t: ExecutionContext, entries: Entry[]) {
  let version = 1
  let table: ReplicaTable = { v: 1, version, endpoints: entries }
  const readers = new Set<(line: unknown) => void>()
  const activated: string[] = []
  const admin = await serve({
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    routes: [
      {
        at: 'GET /v1/replicas',
        guarded: true,
        handle: () => ({
          follow: write => {
            write(table)
            readers.add(write)
            return () => readers.delete(write)
          },
        }),
      },
      {
        at: 'POST /v1/activate/:endpoint*',
        guarded: true,
        handle: ask => {
          activated.push(ask.params['endpoint'] ?? '')
          return { status: 202, json: {} }
        },
      },
    ],
  })
  t.teardown(() => admin.close())
  return {
    url: `http://${admin.address}`,
    activated,
    close: () => admin.close(),
    set(...next: Entry[]) {
      table = { v: 1, version: ++version, endpoints: next }
      for (const write of readers) write(table)
    },
  }
}

export async function startTestEdge(
  t: ExecutionContext,
  controller: string,
  options: { stateDir?: string; workers?: string; environment?: Record<string, string> } = {},
): Promise<Edge> {
  const config = readConfig({
    workers: options.workers,
    environment: {
      OUTRIGGER_CONTROLLER: controller,
      OUTRIGGER_TOKEN: TOKEN,
      OUTRIGGER_EDGE: 'edge-1',
      OUTRIGGER_ADMIN: '127.0.0.1:0',
      OUTRIGGER_STATE_DIR: options.stateDir ?? folder(),
      OUTRIGGER_LOG_LEVEL: 'error',
      ...options.environment,
    },
  })
  const edge = await startEdge(config, { version: 'test' })
  t.teardown(() => edge.close(0))
  return edge
}

export const folder = (): string => mkdtempSync(join(tmpdir(), 'edge-'))

/** Waits for what other processes and sockets do. */
export async function until(what: () => boolean | Promise<boolean>, why: string): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await what()) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error(`never: ${why}`)
}

export async function portOf(edge: Edge, endpoint = ENDPOINT): Promise<number> {
  await until(() => edge.endpoints()[endpoint] !== undefined, `a port for ${endpoint}`)
  return Number(edge.endpoints()[endpoint]?.split(':').at(-1))
}

export interface Got {
  status: number
  headers: IncomingMessage['headers']
  body: string
}

const agent = new Agent({ keepAlive: true })

/** One request; rejects when the connection breaks. */
export function ask(
  port: number,
  options: {
    method?: string
    path?: string
    headers?: Record<string, string>
    body?: string | Buffer
    number?: string
    agent?: Agent | false
  } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const { method = 'POST', path = '/v1/score', body = '', number = '' } = options
    const headers = {
      'x-number': number,
      'content-length': Buffer.byteLength(body),
      ...options.headers,
    }
    const asked = request(
      { host: '127.0.0.1', port, method, path, headers, agent: options.agent ?? agent },
      response => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts).toString(),
          }),
        )
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

/** All sample lines so far, checked against the schema. */
export async function samplesOf(edge: Edge): Promise<Sample[]> {
  const text = await (await fetch(`http://${edge.admin}/v1/samples`)).text()
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const checked = check(sample, JSON.parse(line))
      if (!checked.ok) throw new Error(JSON.stringify(checked.issues))
      return checked.value
    })
}
