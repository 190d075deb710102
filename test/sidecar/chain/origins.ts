import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { accepts, freePort } from '../../../local/ports.ts'
import { folder, listen, whole } from '../support.ts'

/** A strict server behind the sidecar, asked in the end what it has understood. */
export interface Origin {
  port: number
  /** In their order, by the address and port that they came from. It is gone then. */
  understood(): Promise<Map<string, Understood[]>>
}

export interface Understood {
  method: string
  target: string
  /** null: it was refused, or broke off. */
  body: string | null
}

const BROKEN: Understood = { method: '', target: '', body: null }

/** Node's own server, which reads by llhttp. */
export async function node(t: ExecutionContext): Promise<Origin> {
  const found = new Map<string, Understood[]>()
  const { port } = await recorder(t, message => {
    const one = { ...BROKEN }
    const { remoteAddress, remotePort } = message.socket
    add(found, `${remoteAddress}:${remotePort}`, one)
    return one
  })
  return { port, understood: () => Promise.resolve(found) }
}

/** A proxy that names each request, says in its log what became of it, and passes it on to a recorder. */
interface Proxy {
  command(file: string): string[]
  config(port: number, recorder: number, folder: string): string
  /** Lines with "[FROM ID]"; ID is what the recorder was told. */
  log(folder: string, said: string): string
  end: NodeJS.Signals
}

const proxies = {
  nginx: {
    command: file => ['/usr/sbin/nginx', '-c', file],
    config: (port, to, at) => `
daemon off; master_process off; user root; pid ${at}/pid; error_log ${at}/error.log;
events { worker_connections 4096; }
http {
  log_format chain '[$remote_addr:$remote_port $request_id] $status';
  access_log ${at}/access.log chain;
  client_body_temp_path ${at}/body; proxy_temp_path ${at}/proxy;
  fastcgi_temp_path ${at}/f; uwsgi_temp_path ${at}/u; scgi_temp_path ${at}/s;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://127.0.0.1:${to};
      proxy_http_version 1.1;
      proxy_set_header X-Chain $request_id;
    }
  }
}`,
    log: at => readFileSync(join(at, 'access.log'), 'utf8'),
    end: 'SIGQUIT',
  },
  haproxy: {
    command: file => ['/usr/sbin/haproxy', '-db', '-f', file],
    config: (port, to) => `
global
  nbthread 1
  log stdout format raw daemon
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  option dontlognull
frontend front
  bind 127.0.0.1:${port} backlog 4096
  log global
  unique-id-format %[uuid()]
  unique-id-header X-Chain
  log-format "[%ci:%cp %ID] %ST"
  default_backend model
backend model
  server model 127.0.0.1:${to}
`,
    log: (_, said) => said,
    end: 'SIGUSR1',
  },
} satisfies Record<string, Proxy>

export async function proxy(t: ExecutionContext, name: keyof typeof proxies): Promise<Origin> {
  const kind: Proxy = proxies[name]
  const named = new Map<string, Understood>()
  const to = await recorder(t, message => {
    const one = { ...BROKEN }
    named.set(String(message.headers['x-chain']), one)
    return one
  })
  const [at, port] = [folder(t), await freePort()]
  const file = join(at, 'config')
  writeFileSync(file, kind.config(port, to.port, at))
  const [program = '', ...args] = kind.command(file)
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  let complaints = ''
  child.stdout.on('data', (part: Buffer) => (said += part.toString('latin1')))
  child.stderr.on('data', (part: Buffer) => (complaints += part.toString('latin1')))
  const gone = once(child, 'close')
  while (!(await accepts('127.0.0.1', port))) {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${complaints}`)
  }
  return {
    port,
    async understood() {
      child.kill(kind.end)
      await gone
      const found = new Map<string, Understood[]>()
      for (const [, from = '', id = ''] of kind.log(at, said).matchAll(/\[(\S+) (\S*)\]/g)) {
        add(found, from, named.get(id) ?? BROKEN)
        named.delete(id)
      }
      if (named.size > 0) throw new Error(`${name} passed on what it did not log`)
      return found
    },
  }
}

/** Answers all, and fills in what `begun` gives when it is whole. */
async function recorder(
  t: ExecutionContext,
  begun: (message: IncomingMessage) => Understood,
): Promise<{ port: number }> {
  const { server } = await listen(t, (message, response) => {
    const one = begun(message)
    void whole(message).then(
      body => {
        one.method = message.method ?? ''
        one.target = message.url ?? ''
        one.body = body.toString('latin1')
        response.end('ok')
      },
      () => response.destroy(),
    )
  })
  server.keepAliveTimeout = 60_000
  return { port: (server.address() as AddressInfo).port }
}

function add(found: Map<string, Understood[]>, from: string, one: Understood): void {
  const all = found.get(from)
  if (all === undefined) found.set(from, [one])
  else all.push(one)
}
