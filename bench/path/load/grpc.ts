import { connect, type ClientHttp2Session } from 'node:http2'
import { GRPC_STREAMS } from '../payloads.ts'
import type { Lane } from './open.ts'

/** A message of 16 bytes behind gRPC's prefix: not compressed, its length. */
export const MESSAGE = Buffer.concat([Buffer.from([0, 0, 0, 0, 16]), Buffer.alloc(16, 'x')])

const grpcHeaders = (port: number, path: string): Record<string, string> => ({
  ':method': 'POST',
  ':scheme': 'http',
  ':authority': `127.0.0.1:${port}`,
  ':path': path,
  'content-type': 'application/grpc',
  te: 'trailers',
})

/** Calls that connections carry, so many at a time on each. */
export async function grpcLanes(port: number, path: string, connections: number): Promise<Lane[]> {
  const sessions = await Promise.all(Array.from({ length: connections }, () => session(port)))
  const headers = grpcHeaders(port, path)
  return sessions.flatMap(each =>
    Array.from({ length: GRPC_STREAMS }, () => ({
      send: (done: (good: boolean) => void) => call(each, headers, done),
    })),
  )
}

async function session(port: number): Promise<ClientHttp2Session> {
  const made = connect(`http://127.0.0.1:${port}`)
  await new Promise<void>((resolve, reject) => {
    made.once('connect', () => resolve())
    made.once('error', reject)
  })
  made.on('error', () => undefined)
  return made
}

/** Good: the message came back, and a status of 0 in trailers. */
function call(
  over: ClientHttp2Session,
  headers: Record<string, string>,
  done: (good: boolean) => void,
): void {
  let bytes = 0
  let status = ''
  const stream = over.request(headers)
  stream.on('data', (part: Buffer) => (bytes += part.length))
  stream.on('trailers', trailers => (status = String(trailers['grpc-status'])))
  stream.on('error', () => undefined)
  stream.once('close', () => done(bytes === MESSAGE.length && status === '0'))
  stream.end(MESSAGE)
}
