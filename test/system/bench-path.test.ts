import { spawnSync } from 'node:child_process'
import test from 'ava'
import { root } from '../house/tree.ts'

/** That the bench of the request path runs, and finds no errors: its figures are another matter. */
test('each kind of load goes through nginx and the sidecar without an error', t => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      'bench/path/main.ts',
      '--quick',
      '--only=nginx,outrigger',
      '--payload=31B,sse,websocket,grpc,idle',
    ],
    { cwd: root, encoding: 'utf8' },
  )
  t.is(status, 0, stderr)
  for (const payload of ['31B', 'sse', 'websocket', 'grpc', 'idle']) {
    const [, table = ''] = stdout.split(`\n${payload}: `)
    t.regex(table, /^nginx .* 0$/m, payload)
    t.regex(table, /^outrigger .* 0$/m, payload)
  }
  // Each line of a table ends with its errors.
  t.deepEqual(
    stdout.split('\n').filter(line => /^(nginx|outrigger) .* [1-9]\d*$/.test(line)),
    [],
  )
  t.regex(stdout, /^spans exported meanwhile: [1-9]/m)
})
