import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { kubeWith, type Kube, type KubeOptions } from '../../controller/kubernetes/api/client.ts'
import {
  FakeApiStore,
  placeOf,
  selected,
  StatusError,
  type Change,
  type Place,
  type Request,
} from './fake-api-store.ts'

/**
 * What goes wrong with one request: never answered; cut before or after it took effect; answered with this
 * instead; answered late.
 */
export type Fault =
  | 'hang'
  | 'reset'
  | 'lost'
  | { status: number; body?: string; headers?: Record<string, string> }
  | { delayMs: number }

interface Watcher {
  place: Place
  query: Record<string, string>
  response: ServerResponse
}

/** A small real HTTP server that speaks enough of the Kubernetes API for tests. */
export class FakeApiServer {
  readonly store = new FakeApiStore()
  /** All that was asked, watches included. */
  readonly requests: Request[] = []
  /** Asked for each request. */
  fault: (request: Request) => Fault | null = () => null
  /** Requests without this token get 401. */
  token: string | null = null
  /** What a path below /proxy/ leads to: path of the Service or pod -> URL. */
  readonly proxies = new Map<string, string>()
  private readonly server: Server
  private readonly passed = new Set<ServerResponse>()
  private readonly watchers = new Set<Watcher>()

  private constructor() {
    this.server = createServer((request, response) => {
      this.take(request, response).catch((error: unknown) => response.destroy(error as Error))
    })
    this.store.listen(change => {
      for (const watcher of this.watchers) this.pass(watcher, change)
    })
  }

  static async start(): Promise<FakeApiServer> {
    const fake = new FakeApiServer()
    await new Promise<void>(resolve => fake.server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** A client of it; without @kubernetes/client-node, which is slow to load. */
  kube(options: KubeOptions = {}): Kube {
    const headers: Record<string, string> = {}
    const reach = async (): Promise<{
      server: string
      options: object
      headers: Record<string, string>
    }> => ({ server: this.url, options: {}, headers })
    return kubeWith({ reach, refused: () => false }, options)
  }

  async stop(): Promise<void> {
    const closed = new Promise(resolve => this.server.close(resolve))
    this.server.closeAllConnections()
    await closed
  }

  get watches(): number {
    return this.watchers.size
  }

  /** Tells every watch the current version. */
  bookmark(): void {
    const object = { metadata: { resourceVersion: String(this.store.version) } }
    this.sayToWatches(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`)
  }

  sayToWatches(text: string): void {
    for (const { response } of this.watchers) response.write(text)
  }

  endWatches(how: 'end' | 'reset'): void {
    for (const { response } of this.watchers) {
      if (how === 'end') response.end()
      else response.destroy()
    }
    this.watchers.clear()
  }

  private async take(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await requestOf(message)
    this.requests.push(request)
    const fault = this.fault(request)
    if (fault === 'hang') return
    if (fault === 'reset') return void response.destroy()
    if (fault !== null && typeof fault === 'object') {
      if ('status' in fault) {
        response.writeHead(fault.status, fault.headers)
        return void response.end(fault.body)
      }
      await new Promise(resolve => setTimeout(resolve, fault.delayMs))
    }
    try {
      if (this.token !== null && message.headers.authorization !== `Bearer ${this.token}`)
        throw new StatusError(401, 'Unauthorized', 'Unauthorized')
      const leadsTo = this.proxied(message.url ?? '')
      if (leadsTo !== null) {
        this.passed.add(response.on('close', () => this.passed.delete(response)))
        return pass(message, request, leadsTo, response)
      }
      if (request.query.watch === 'true') return this.watch(request, response)
      const { status, json } = this.store.answer(request)
      if (fault === 'lost') return void response.destroy()
      send(response, status, json)
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      send(response, error.status, error.json)
    }
  }

  /** As when the pod behind the proxy goes. */
  dropProxied(): void {
    for (const response of this.passed) response.destroy()
  }

  private proxied(url: string): string | null {
    const [, target = '', rest = ''] = /^(.*?)\/proxy(\/.*)$/.exec(url) ?? []
    if (target === '') return null
    const to = this.proxies.get(target)
    if (to !== undefined) return to + rest
    const name = JSON.stringify(target.split('/').at(-1))
    const message = `no endpoints available for service ${name}`
    throw new StatusError(503, 'ServiceUnavailable', message)
  }

  private watch({ path, query }: Request, response: ServerResponse): void {
    const watcher: Watcher = { place: placeOf(path), query, response }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    const since = Number(query.resourceVersion ?? 0)
    if (since < this.store.oldest) {
      const { json } = new StatusError(410, 'Expired', `too old resource version: ${since}`)
      return void response.end(`${JSON.stringify({ type: 'ERROR', object: json })}\n`)
    }
    for (const change of this.store.history) if (change.version > since) this.pass(watcher, change)
    this.watchers.add(watcher)
    response.on('close', () => this.watchers.delete(watcher))
  }

  private pass({ place, query, response }: Watcher, change: Change): void {
    if (place.kind !== change.place.kind) return
    if (place.namespace !== '' && place.namespace !== change.place.namespace) return
    const now = change.type !== 'DELETED' && selected(change.object, query)
    const before = change.before !== null && selected(change.before, query)
    if (!now && !before) return
    const type = now ? (before ? 'MODIFIED' : 'ADDED') : 'DELETED'
    response.write(`${JSON.stringify({ type, object: change.object })}\n`)
  }
}

/** As the API server's proxy does: all headers but the authorization, and the answer as it comes. */
function pass(
  message: IncomingMessage,
  { method, body }: Request,
  url: string,
  response: ServerResponse,
): void {
  const headers = { ...message.headers }
  delete headers.authorization
  delete headers.host
  const asked = httpRequest(url, { method, headers }, answer => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
    answer.on('close', () => answer.complete || response.destroy())
  })
  response.on('close', () => asked.destroy())
  asked.on('error', error => {
    const text = `error trying to reach service: ${error.message}`
    if (response.headersSent) response.destroy()
    else send(response, 502, new StatusError(502, 'BadGateway', text).json)
  })
  asked.end(body === undefined ? undefined : JSON.stringify(body))
}

async function requestOf(message: IncomingMessage): Promise<Request> {
  const url = new URL(message.url ?? '/', 'http://fake')
  const parts: Buffer[] = []
  for await (const part of message as AsyncIterable<Buffer>) parts.push(part)
  const text = Buffer.concat(parts).toString('utf8')
  return {
    method: message.method ?? 'GET',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    type: message.headers['content-type'] ?? '',
    body: text === '' ? undefined : JSON.parse(text),
  }
}

function send(response: ServerResponse, status: number, json: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(json))
}
