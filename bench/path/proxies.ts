import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { freePort, root, state, stop } from '../cluster/machine.ts'
import { configured, listens, startOn, type Cores } from './lab.ts'
import { startEdge, startSidecar, unfollow, type Around } from './ours.ts'
import { payloads, type PayloadName, type ProxyName } from './payloads.ts'

/** A proxy that runs: where it listens, and the processes that it is made of. */
export interface Proxy {
  name: ProxyName
  port: number
  processes: string[]
}

interface Place extends Cores {
  payload: PayloadName
  upstream: number
  around: Around
}

/** Starts one before the upstream of the payload, all of it on the proxies' core. */
export async function startProxy(name: ProxyName, place: Place): Promise<Proxy> {
  const port = await freePort()
  const processes = await starters[name](port, place)
  await listens(name, port)
  return { name, port, processes }
}

export async function stopProxy({ processes }: Proxy): Promise<void> {
  unfollow()
  for (const name of processes) await stop(name)
}

type Starter = (port: number, place: Place) => Promise<string[]>

const starters: Record<ProxyName, Starter> = {
  nginx: (port, place) => nginx('nginx', port, place),
  async 'nginx-twice'(port, place) {
    const inner = await freePort()
    const behind = await nginx('nginx-inner', inner, place)
    const front = await nginx('nginx-outer', port, { ...place, upstream: inner })
    return [...front, ...behind]
  },
  async haproxy(port, { proxy, upstream, payload }) {
    const proto = payload === 'grpc' ? 'proto h2' : ''
    const config = configured('haproxy.cfg', 'haproxy.cfg', { port, upstream, proto })
    startOn(proxy, 'haproxy', ['/usr/sbin/haproxy', '-db', '-f', config])
    return ['haproxy']
  },
  'http-proxy': (port, place) => relay('http-proxy', port, place),
  undici: (port, place) => relay('undici', port, place),
  'http2-relay': (port, place) => relay('http2', port, place),
  async outrigger(port, { proxy: core, upstream, around }) {
    await startSidecar(around, { core, name: 'outrigger', port, upstream })
    return ['outrigger']
  },
  async 'outrigger-chain'(port, { proxy: core, upstream, around }) {
    const inner = await freePort()
    const [edge, sidecar] = ['outrigger-edge', 'outrigger-behind']
    await startSidecar(around, { core, name: sidecar, port: inner, upstream })
    around.table({ port, sidecar: `127.0.0.1:${inner}` })
    await startEdge(around, { core, name: edge, port })
    return [edge, sidecar]
  },
}

async function nginx(name: string, port: number, { proxy, upstream, payload }: Place) {
  const template = payload === 'grpc' ? 'nginx-grpc.conf' : 'nginx.conf'
  const buffering = payloads[payload].upstream === 'streams' ? 'off' : 'on'
  const config = configured(template, `${name}.conf`, { name, port, upstream, buffering })
  startOn(proxy, name, ['/usr/sbin/nginx', '-p', state, '-c', config])
  return [name]
}

/** As JavaScript: TypeScript would cost the relay memory that is not its own. */
async function relay(file: string, port: number, { proxy, upstream }: Place) {
  // Where its packages are found.
  const folder = join(root, 'bench/.cache/path')
  mkdirSync(folder, { recursive: true })
  const source = readFileSync(join(import.meta.dirname, 'relays', `${file}.ts`), 'utf8')
  const script = join(folder, `${file}.mjs`)
  writeFileSync(script, stripTypeScriptTypes(source))
  const name = `relay-${file}`
  startOn(proxy, name, [process.execPath, script, String(port), String(upstream)], {
    NODE_ENV: 'production',
  })
  return [name]
}
