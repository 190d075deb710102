import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { until } from './client.ts'
import { MAIN, outrigger, pidOf } from './run.ts'

/** Each bad input: one clear message with the fix, its documented exit code, nothing half-started. */
async function upWith(
  yaml: string,
  ...args: string[]
): Promise<{ code: number; err: string; out: string; state: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-bad-'))
  const state = join(folder, 'state')
  writeFileSync(join(folder, 'o.yaml'), yaml)
  return {
    ...(await outrigger([
      'up',
      '-f',
      join(folder, 'o.yaml'),
      '--state',
      state,
      '--for',
      '1s',
      ...args,
    ])),
    state,
  }
}

/** Processes whose command line or environment names the folder. */
function processesOf(state: string): string[] {
  return readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false
    try {
      return ['cmdline', 'environ'].some(file =>
        readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(state),
      )
    } catch {
      return false
    }
  })
}

const sleeper = '[/bin/sh, -c, "sleep 100"]'

test.serial(
  'a file that is not YAML, unknown keys and wrong units: 2, each error with its line',
  async t => {
    const broken = await upWith('endpoints: [')
    t.is(broken.code, 2)
    t.regex(broken.err, /o\.yaml:\d+: not YAML/)
    const wrong = await upWith(
      `endpoints:\n  m:\n    command: ${sleeper}\n    settings:\n      latency-objective: 200\n      max-replica: 2`,
    )
    t.is(wrong.code, 2)
    t.regex(
      wrong.err,
      /o\.yaml:5: endpoints\.m\.settings\.latency-objective: expected a duration with its unit/,
    )
    t.regex(wrong.err, /o\.yaml:6: .*did you mean max-replicas\?/)
    t.false(existsSync(wrong.state))
  },
)

test.serial('an option that is not known, and a duration without its unit: 2', async t => {
  const unknown = await upWith(`endpoints: { m: { command: ${sleeper} } }`, '--fro', '3s')
  t.is(unknown.code, 2)
  t.regex(unknown.err, /--fro/)
  const bare = await outrigger(['up', '-f', 'examples/three-models/outrigger.yaml', '--for', '30'])
  t.is(bare.code, 2)
  t.regex(bare.err, /--for: expected a duration with its unit/)
})

test.serial('a port in use: 3, and which', async t => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  const taken = await upWith(`endpoints: { m: { command: ${sleeper}, port: ${port} } }`)
  holder.close()
  t.is(taken.code, 3)
  t.regex(taken.err, new RegExp(`endpoints\\.m\\.port: port ${port} is in use`))
  t.false(existsSync(join(taken.state, 'platform.json')))
})

test.serial('a command that is not there: 4', async t => {
  const missing = await upWith('endpoints: { m: { command: [no-such-program] } }')
  t.is(missing.code, 4)
  t.regex(missing.err, /there is no program 'no-such-program'/)
})

test.serial(
  'a model that never becomes ready: 5, with its last words, and everything is stopped',
  async t => {
    const never = await upWith(
      'endpoints: { m: { command: [/bin/sh, -c, "echo Error: weights not found >&2; sleep 100"], ready-within: 3s } }',
    )
    t.is(never.code, 5)
    t.regex(
      never.err,
      /m is not ready after 3 s: its port accepts no connection; it said: Error: weights not found/,
    )
    t.regex(never.err, /ready-within/)
    t.deepEqual(processesOf(never.state), [])
  },
)

test.serial(
  'an aggregator that cannot be reached: 6, with what to do, and everything is stopped',
  async t => {
    t.timeout(90_000)
    const folder = mkdtempSync(join(tmpdir(), 'outrigger-bad-'))
    const state = join(folder, 'state')
    writeFileSync(
      join(folder, 'o.yaml'),
      `endpoints: { m: { command: ${sleeper}, ready-within: 2m } }`,
    )
    const up = spawn(
      process.execPath,
      [MAIN, 'up', '-f', join(folder, 'o.yaml'), '--state', state],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    let err = ''
    up.stderr.on('data', (part: Buffer) => (err += part.toString()))
    const ended = once(up, 'close')
    // Stopped before it could answer: still a shell at its gate, or just begun.
    const pid = await until('an aggregator process', 20_000, () => found(up.pid ?? 0), 5)
    process.kill(pid, 'SIGSTOP')
    const [code] = (await ended) as [number]
    t.is(code, 6, err)
    t.regex(
      err,
      /the aggregator can't be reached at 127\.0\.0\.1:\d+ after 20 s.*Look into .*aggregator\.log/,
    )
    t.deepEqual(processesOf(state), [])
  },
)

function found(parent: number): number | null {
  try {
    return pidOf(parent, 'aggregator')
  } catch {
    return null
  }
}

test.serial('a peer that cannot be reached: 6', async t => {
  for (const command of [
    ['top', '--url', 'http://127.0.0.1:9/'],
    ['top', '--state', '/nowhere'],
  ]) {
    const away = await outrigger(command)
    t.is(away.code, 6, command.join(' '))
    t.regex(away.err, /outrigger up/)
  }
})

test.serial('an unknown command: 2', async t => {
  const unknown = await outrigger(['upp'])
  t.is(unknown.code, 2)
  t.regex(unknown.err, /no command 'upp'/)
})
