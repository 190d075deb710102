import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { productCommand } from '../../bench/path/product.ts'
import { call } from '../../core/runtime/call.ts'
import { run } from '../../scripts/image-config.ts'
import { root } from '../house/tree.ts'
import { environment } from '../sidecar/support.ts'

/** Takes spans and, as a model, requests. */
async function startServer(t: ExecutionContext, told: (path: string) => void): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.end())
    told(request.url ?? '')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Says, a line each, which files Node loads, however: to the file of LOADED. */
const hooks = `data:text/javascript,${encodeURIComponent(`
  import { appendFileSync } from 'node:fs'
  import { registerHooks } from 'node:module'
  registerHooks({
    load(url, context, next) {
      if (url.startsWith('file:')) appendFileSync(process.env.LOADED, url + '\\n')
      return next(url, context)
    },
  })`)}`

test('a sidecar of the product loads few files, with its spans and its metrics', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-bundle-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  let exported = (): void => undefined
  const gotSpans = new Promise<void>(resolve => (exported = resolve))
  const server = await startServer(t, path => {
    if (path === '/v1/traces') exported()
  })
  const LOADED = join(folder, 'loaded')
  const loaded = (): string[] => [...new Set(readFileSync(LOADED, 'utf8').trim().split('\n'))]
  const [node = '', ...words] = productCommand(run.Entrypoint, root)
  const child = spawn(node, ['--import', hooks, ...words, 'sidecar'], {
    env: {
      ...environment(server, join(folder, 'state')),
      LOADED,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${server}`,
      OTEL_TRACES_SAMPLER: 'always_on',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const { traffic, metrics } = await listening(child)
  t.true(loaded().length < 15, loaded().join('\n'))
  let done = false
  void gotSpans.then(() => (done = true))
  // Its spans are loaded after it listens.
  while (!done) t.is((await call('GET', `http://${traffic}/`)).status, 200)
  t.is((await call('GET', `http://${metrics}/metrics`)).status, 200)
  t.true(loaded().length < 25, loaded().join('\n'))
  t.deepEqual(
    loaded().filter(url => url.includes('/node_modules/')),
    [],
  )
})

async function listening({ stdout }: ChildProcess): Promise<Record<'traffic' | 'metrics', string>> {
  const [line] = (await once(stdout ?? process.stdin, 'data')) as [Buffer]
  return (JSON.parse(line.toString()) as { listening: Record<'traffic' | 'metrics', string> })
    .listening
}

test('what is loaded before the command is known has no node:http, which would bring undici', t => {
  const seen = new Set<string>()
  const walk = (path: string): string[] => {
    if (seen.has(path)) return []
    seen.add(path)
    const text = readFileSync(path, 'utf8')
    const from = [...text.matchAll(/^import .*?"([^"]+)";$/gm)].map(([, name = '']) => name)
    return from.flatMap(name => (name.startsWith('.') ? walk(join(dirname(path), name)) : [name]))
  }
  const found = walk(join(root, 'dist/cli/main.js'))
  t.true(seen.size > 1)
  t.deepEqual(
    found.filter(name => !/^node:(fs|util|path)$/.test(name)),
    [],
  )
})

test('the packages within have their licences with them', t => {
  const texts = readFileSync(join(root, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8')
  const named = texts.match(/^\S+ \d+\.\d+\.\d+ \(.*\)$/gm) ?? []
  const chunks = readdirSync(join(root, 'dist/chunks'))
    .map(name => readFileSync(join(root, 'dist/chunks', name), 'utf8'))
    .flatMap(text => [...text.matchAll(/^\/\/ node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\//gm)])
  const within = [...new Set(chunks.map(([, name = '']) => name))].toSorted()
  t.true(within.includes('prom-client') && within.includes('@opentelemetry/sdk-trace'))
  t.deepEqual(named.map(line => line.slice(0, line.indexOf(' '))).toSorted(), within)
})
