import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type RequestOptions,
  type Server,
  type ServerResponse,
} from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { Order, SignedOrder } from '../../core/model/order.ts'
import type { Sample } from '../../core/model/sample.ts'
import { newKeyPair, signer } from '../../core/runtime/signing.ts'
import { readConfig } from '../../sidecar/config.ts'
import { startSidecar, type Sidecar } from '../../sidecar/main.ts'

const root = newKeyPair()
export const signing = signer(root, Date.now() + 3_600_000)
export const ENDPOINT = 'local/digits'

/** Settings of a sidecar on free ports in front of `app`. */
export function environment(app: string, stateDir: string): Record<string, string> {
  return {
    OUTRIGGER_ENDPOINT: ENDPOINT,
    OUTRIGGER_REVISION: 'r1',
    OUTRIGGER_REPLICA: 'digits-1',
    OUTRIGGER_ROOT_KEY: root.publicKey,
    OUTRIGGER_APP: app,
    OUTRIGGER_TRAFFIC: '127.0.0.1:0',
    OUTRIGGER_ADMIN: '127.0.0.1:0',
    OUTRIGGER_METRICS: '127.0.0.1:0',
    OUTRIGGER_STATE_DIR: stateDir,
    OUTRIGGER_DRAIN_SECRET: 'secret',
    OUTRIGGER_GPUS: 'none',
    OUTRIGGER_LOG_LEVEL: 'error',
  }
}

export function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'outrigger-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A real sidecar in this process, gone with the test. */
export async function sidecar(
  t: ExecutionContext,
  app: string,
  env: Record<string, string> = {},
): Promise<Sidecar> {
  const config = readConfig({ ...environment(app, folder(t)), ...env })
  const started = await startSidecar(config)
  t.teardown(() => started.stop({ graceMs: 0, timeoutMs: 0 }))
  await started.whole
  return started
}

/** What the model was asked, as its own parser read it. */
export interface Recorded {
  method: string
  url: string
  raw: string[]
  headers: IncomingHttpHeaders
  body: string
  /** Which of its connections it came on, from 0. */
  connection: number
}

export interface Origin {
  address: string
  server: Server
  requests: Recorded[]
  connections: number
}

/** A model that records each request whole, then answers. Probes for metrics pages are left out. */
export async function recorder(
  t: ExecutionContext,
  answer: (request: Recorded, response: ServerResponse) => void = (_request, response) =>
    void response.end('ok'),
): Promise<Origin> {
  const sockets = new Map<Socket, number>()
  const requests: Recorded[] = []
  const { server, address } = await listen(t, (message, response) => {
    if (message.url?.endsWith('/metrics') === true) return void response.writeHead(404).end()
    // One that breaks off was no whole request.
    void whole(message).then(
      body => {
        const recorded: Recorded = {
          method: message.method ?? '',
          url: message.url ?? '',
          raw: message.rawHeaders,
          headers: message.headers,
          body: body.toString('latin1'),
          connection: sockets.get(message.socket) ?? -1,
        }
        requests.push(recorded)
        answer(recorded, response)
      },
      () => response.destroy(),
    )
  })
  server.on('connection', socket => sockets.set(socket, sockets.size))
  return {
    address,
    server,
    requests,
    get connections() {
      return sockets.size
    },
  }
}

/** An HTTP server on a free port, gone with the test. */
export async function listen(
  t: ExecutionContext,
  handler: RequestListener,
  host = '127.0.0.1',
): Promise<{ server: Server; address: string }> {
  const server = createServer(handler)
  server.listen(0, host)
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { server, address: `${host.includes(':') ? `[${host}]` : host}:${port}` }
}

export async function whole(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of message as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts)
}

export interface Got {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** One request on a connection of its own unless an agent is given. */
export async function ask(
  address: string,
  path = '/',
  options: RequestOptions & { body?: string | Buffer } = {},
): Promise<Got> {
  const { body, ...rest } = options
  const { hostname, port } = new URL(`http://${address}`)
  const host = hostname.replace(/^\[|\]$/g, '')
  // Not as a URL, which would be normalised on the way.
  const asked = request({ host, port, path, agent: false, ...rest })
  asked.end(body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: (await whole(response)).toString('utf8'),
  }
}

/** Sends bytes as they are and gives all that comes back until the other side closes. */
export async function raw(address: string, bytes: string): Promise<string> {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? []
  const socket = connect(Number(port), host)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  socket.on('error', () => undefined)
  socket.write(bytes, 'latin1')
  await once(socket, 'close')
  return text
}

async function samplesOf(admin: string): Promise<Sample[]> {
  const { body } = await ask(admin, '/v1/samples')
  return body
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Sample)
}

/** Samples until `enough`, looked for as they are made. */
export async function samplesUntil(
  admin: string,
  enough: (samples: Sample[]) => boolean,
): Promise<Sample[]> {
  for (;;) {
    const samples = await samplesOf(admin)
    if (enough(samples)) return samples
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

export function order(n: number, changes: Partial<Order> = {}): SignedOrder {
  return signing.order({
    v: 1,
    endpoint: ENDPOINT,
    revision: 'r1',
    limit: 8,
    objectiveUs: null,
    probe: null,
    latePermille: 50,
    queueUs: 1_000_000,
    epoch: 1,
    n,
    decision: 'd',
    issued: 0,
    ...changes,
  })
}

export function put(address: string, path: string, json: unknown): Promise<Got> {
  return ask(address, path, { method: 'PUT', body: JSON.stringify(json) })
}
