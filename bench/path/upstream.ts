import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, state } from '../cluster/machine.ts'
import { configured, listens, startOn, type Cores } from './lab.ts'
import { MESSAGE } from './load/grpc.ts'
import { LARGE_BYTES, MEDIUM_BYTES, SMALL, type UpstreamKind } from './payloads.ts'

/** What stands behind every proxy, on the load's core: each as cheap as Debian has it. */
const NGINX = '/usr/sbin/nginx'
const [FILES, STREAMS, GRPC] = ['upstream-files', 'upstream-streams', 'upstream-grpc'] as const
/** Their processes. */
export const upstreamNames = [FILES, STREAMS, GRPC] as const

/** Starts all three; gives their ports. */
export async function startUpstreams({ load }: Cores): Promise<Record<UpstreamKind, number>> {
  const ports = { files: await freePort(), streams: await freePort(), grpc: await freePort() }
  writeFileSync(join(state, '10kb'), Buffer.alloc(MEDIUM_BYTES, 'x'))
  writeFileSync(join(state, '1mb'), Buffer.alloc(LARGE_BYTES, 'x'))
  const config = configured('upstream.conf', 'upstream.conf', { port: ports.files, small: SMALL })
  startOn(load, FILES, [NGINX, '-p', state, '-c', config])
  const streams = join(import.meta.dirname, 'relays/streams.ts')
  startOn(load, STREAMS, [process.execPath, streams, String(ports.streams)])
  startOn(load, GRPC, grpcServer(ports.grpc))
  for (const [name, port] of Object.entries(ports)) await listens(`the upstream of ${name}`, port)
  return ports
}

/** nghttpd serves a file: one message. Its ending gives it gRPC's content type, an option the trailer. */
function grpcServer(port: number): string[] {
  const folder = join(state, 'grpc')
  mkdirSync(join(folder, 'bench.Echo'), { recursive: true })
  writeFileSync(join(folder, 'bench.Echo/Unary.grpc'), MESSAGE)
  const types = join(state, 'mime.types')
  writeFileSync(types, 'application/grpc grpc\n')
  return [
    'nghttpd',
    '--no-tls',
    '--no-content-length',
    '--max-concurrent-streams=1000',
    `--htdocs=${folder}`,
    `--mime-types-file=${types}`,
    '--trailer=grpc-status: 0',
    '--address=127.0.0.1',
    String(port),
  ]
}
