import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { Summary } from '../../cli/summary.ts'
import { MAIN } from '../e2e/run.ts'

/** What `make run` starts, as a newcomer's script would: by itself, for a while, with a summary. */
test('the three models run under their traffic, end by themselves and say what became of every request', async t => {
  t.timeout(150_000)
  const state = join(mkdtempSync(join(tmpdir(), 'outrigger-example-')), 'state')
  const began = performance.now()
  const up = spawn(
    process.execPath,
    [
      MAIN,
      'up',
      '-f',
      'examples/three-models/outrigger.yaml',
      '--state',
      state,
      '--for',
      '40s',
      '--json',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const said = { out: '', err: '' }
  let startedAfter = 0
  up.stdout.on('data', (part: Buffer) => (said.out += part.toString()))
  up.stderr.on('data', (part: Buffer) => {
    said.err += part.toString()
    if (startedAfter === 0 && said.err.includes('Outrigger is up.'))
      startedAfter = performance.now() - began
  })
  const [code] = (await once(up, 'close')) as [number]
  t.is(code, 0, said.err)
  t.log(`up after ${(startedAfter / 1000).toFixed(1)} s`)
  t.regex(said.err, /live page +http:\/\/127\.0\.0\.1:\d+\//)
  t.regex(
    said.err,
    /\d\d:\d\d:\d\d {2}agent {2}replicas \d+\/\d+ {2}limit \d+/,
    'plain lines where there is no terminal',
  )
  const summary = JSON.parse(said.out.trim().split('\n').at(-1) ?? '') as Summary
  t.deepEqual(Object.keys(summary.endpoints), ['digits', 'agent', 'llm'])
  for (const [name, s] of Object.entries(summary.endpoints)) {
    t.true(
      s.ok > 0 && s.limit >= 1 && s.replicas.max >= 1 && s.decisions > 0,
      `${name}: ${JSON.stringify(s)}`,
    )
    t.is(s.failed, 0, name)
    t.is(s.requests, s.ok + s.clientErrors + s.rejected + s.failed + s.abandoned, name)
  }
  t.true(summary.log.verified && summary.log.records > 0)
})
