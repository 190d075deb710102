import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'

const folder = mkdtempSync(join(tmpdir(), 'outrigger-traffic-'))

function traffic(file: string, environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['cli/main.ts', 'traffic', file], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, stderr }))
  return { child, ended }
}

function written(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

/** A server, and the file of a plan that sends it 50 requests a second. */
async function planned(t: ExecutionContext): Promise<{ server: Server; file: string }> {
  const server = createServer((_, response) => void response.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const one = { endpoint: 'm', method: 'GET', path: '/', headers: {}, bodies: [], surges: [] }
  const plan = {
    urls: { m: `http://127.0.0.1:${port}` },
    traffic: [{ ...one, bodiesFile: null, trace: null, perSecond: 50 }],
  }
  return { server, file: written(`${port}.json`, JSON.stringify(plan)) }
}

test('a file that is missing or wrong: 2, and why', async t => {
  const files = {
    [join(folder, 'none.json')]: /none\.json can't be used: ENOENT/,
    [written('broken.json', '{')]: /broken\.json can't be used: .*JSON/,
    [written('other.json', '{"urls":{},"traffic":[{}]}')]: /traffic\[0\]\.path: expected/,
  }
  for (const [file, words] of Object.entries(files)) {
    const { code, stderr } = await traffic(file).ended
    t.is(code, 2)
    t.regex(stderr, words)
    t.notRegex(stderr, /\n {4}at /)
  }
})

test('it sends until SIGTERM, whatever becomes of its standard input', async t => {
  const { server, file } = await planned(t)
  const { child, ended } = traffic(file)
  child.stdin.end()
  for (let seen = 0; seen < 5; seen++) await once(server, 'request')
  child.kill('SIGTERM')
  t.deepEqual(await ended, { code: 0, stderr: '' })
})

test('a parent that asked for it ends it by going', async t => {
  const { server, file } = await planned(t)
  const { child, ended } = traffic(file, { OUTRIGGER_PARENT: 'stdin' })
  await once(server, 'request')
  child.stdin.end()
  t.deepEqual(await ended, { code: 0, stderr: '' })
})
