import { once } from 'node:events'
import {
  connect,
  createServer,
  type ClientHttp2Session,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'

interface Asked {
  stream: ServerHttp2Stream
  headers: IncomingHttpHeaders
  session: ServerHttp2Stream['session']
}

/** A model that speaks HTTP/2 with prior knowledge, gone with the test. */
export interface Model {
  address: string
  server: Http2Server
  sessions: ServerHttp2Session[]
  streams: Asked[]
}

export async function h2Model(
  t: ExecutionContext,
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  options: ServerOptions = {},
): Promise<Model> {
  const server = createServer(options)
  const model: Model = { address: '', server, sessions: [], streams: [] }
  server.on('session', session => model.sessions.push(session))
  server.on('sessionError', () => undefined)
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined)
    model.streams.push({ stream, headers, session: stream.session })
    answer(stream, headers)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  model.address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  t.teardown(() => {
    model.sessions.forEach(session => session.destroy())
    server.close()
  })
  return model
}

/** Sessions that had a stream: others ask whether the port is open. */
export function used({ streams }: Model): number {
  return new Set(streams.map(({ session }) => session)).size
}

export function h2Client(t: ExecutionContext, address: string): ClientHttp2Session {
  const session = connect(`http://${address}`)
  session.on('error', () => undefined)
  t.teardown(() => session.destroy())
  return session
}

export interface Said {
  status: number
  headers: IncomingHttpHeaders
  trailers: IncomingHttpHeaders
  body: string
  /** With which code the stream was closed. */
  code: number
}

/** One stream to its end. */
export async function h2Ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: Buffer | string,
): Promise<Said> {
  const endStream = body === undefined
  const stream = session.request({ ':path': '/', ...headers }, { endStream })
  const said: Said = { status: 0, headers: {}, trailers: {}, body: '', code: -1 }
  stream.on('error', () => undefined)
  stream.on('response', got => {
    said.status = got[':status'] ?? 0
    said.headers = got
  })
  stream.on('trailers', got => (said.trailers = got))
  stream.on('data', (chunk: Buffer) => (said.body += chunk.toString('latin1')))
  if (!endStream) stream.end(body)
  await new Promise<void>(resolve => stream.once('close', resolve))
  said.code = stream.rstCode
  return said
}

export const GRPC = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' }

/** Until it is so; looked for as things happen. */
export async function until(true_: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await true_())) await new Promise(resolve => setTimeout(resolve, 5))
}
