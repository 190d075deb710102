import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test from 'ava'
import { serve } from '../../core/runtime/admin.ts'

test('a reader that has seen enough ends top without a complaint', async t => {
  const view = {
    endpoint: 'local/m',
    port: 1,
    live: { t: 1, inFlight: 0, queued: 0, held: 0, offered: 0, ok: 0, rejected: 0, p95Us: null },
    learned: { limit: 1 },
    replicas: { ready: 1, desired: 1 },
    decisions: [],
  }
  const line = { at: 1, endpoints: [view] }
  const controller = await serve({
    host: '127.0.0.1',
    port: 0,
    routes: [
      {
        at: 'GET /v1/endpoints',
        handle: ask => {
          if (ask.query.get('follow') !== '1') return { status: 200, json: line }
          return {
            follow: write => {
              const timer = setInterval(() => write(line), 10)
              return () => clearInterval(timer)
            },
          }
        },
      },
    ],
  })
  const top = spawn(
    process.execPath,
    ['cli/main.ts', 'top', '--url', `http://${controller.address}`],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let err = ''
  top.stderr.on('data', (part: Buffer) => (err += part.toString()))
  await once(top.stdout, 'data')
  top.stdout.destroy()
  const [code] = (await once(top, 'close')) as [number | null]
  t.is(err, '')
  t.is(code, 0)
  await controller.close()
})
