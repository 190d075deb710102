import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import type { Summary } from '../../cli/summary.ts'
import { root } from '../house/tree.ts'

const run = promisify(execFile)

/** As a newcomer has it: the host's own Node, an empty cache of npm, nothing installed. */
test('a fresh clone runs the example with one command', async t => {
  t.timeout(280_000)
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-clone-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const clone = join(folder, 'clone')
  await run('git', ['clone', '--quiet', root, clone])
  const host = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter(part => !part.includes('node_modules'))
    .join(delimiter)
  const environment = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE|MAKE|MFLAGS|AVA)/i.test(name),
  )
  const env = {
    ...Object.fromEntries(environment),
    PATH: host,
    npm_config_cache: join(folder, 'cache'),
  }
  const began = performance.now()
  const { stdout } = await run('make', ['--no-print-directory', 'run', 'ARGS=--for 5s --json'], {
    cwd: clone,
    env,
    maxBuffer: 16 * 1024 * 1024,
  })
  t.log(
    `make run, from the clone to the end of a run of 5 s: ${Math.round((performance.now() - began) / 1000)} s`,
  )
  const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Summary
  t.deepEqual(Object.keys(summary.endpoints), ['digits', 'agent', 'llm'])
  t.true(summary.log.verified)
})
