import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test from 'ava'
import { call } from '../../core/runtime/call.ts'

/** The command in a process of its own: what it said and how it ended. */
function outrigger(environment: Record<string, string>, args: string[] = []) {
  const child = spawn(process.execPath, ['cli/main.ts', 'aggregator', ...args], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()))
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, stdout, stderr }))
  const listening = once(child.stdout, 'data').then(() => {
    const line = JSON.parse(stdout) as { listening: { admin: string } }
    return line.listening.admin
  })
  return { child, ended, listening }
}

test('it says where it listens, in one line, and ends with its parent', async t => {
  const first = outrigger({ OUTRIGGER_ADMIN: '127.0.0.1:0', OUTRIGGER_PARENT: 'stdin' })
  const admin = await first.listening
  t.is((await call('GET', `http://${admin}/readyz`)).status, 200)

  const second = await outrigger({ OUTRIGGER_ADMIN: admin }).ended
  t.is(second.code, 3)
  t.regex(second.stderr, /is taken by another process/)

  first.child.stdin.end()
  t.like(await first.ended, { code: 0, stderr: '' })
})

test('SIGTERM ends it; a bad environment or argument is said and nothing is started', async t => {
  const good = outrigger({ OUTRIGGER_ADMIN: '127.0.0.1:0' })
  await good.listening
  good.child.kill('SIGTERM')
  t.is((await good.ended).code, 0)

  const bad = await outrigger({ OUTRIGGER_ADMIN: 'nowhere', OUTRIGGER_LOG_LEVEL: 'x' }).ended
  t.is(bad.code, 2)
  t.regex(bad.stderr, /OUTRIGGER_ADMIN.*\n.*OUTRIGGER_LOG_LEVEL/)
  t.is(bad.stdout, '')
  t.is((await outrigger({}, ['more']).ended).code, 2)
})
