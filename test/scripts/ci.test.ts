import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { root } from '../house/tree.ts'

interface Ran {
  last: string
  output: string
  status: number | null
}

/** Runs .ci/run in a folder whose Makefile has these recipes. */
function ci(t: ExecutionContext, recipes: Record<string, string>): Ran {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-ci-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  for (const path of ['.ci/run', 'scripts/count-tests.ts', 'scripts/tap.ts']) {
    cpSync(join(root, path), join(folder, path))
  }
  const targets = Object.entries(recipes).map(([name, recipe]) => `${name}:\n\t@${recipe}\n`)
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
  writeFileSync(join(folder, 'Makefile'), targets.join('\n'))
  const { stdout, status } = spawnSync('bash', ['.ci/run'], { cwd: folder, encoding: 'utf8' })
  return { last: stdout.trimEnd().split('\n').at(-1) ?? '', output: stdout, status }
}

const fine = {
  lint: 'true',
  test: "printf 'ok 1 - a\\nok 2 - b\\n'",
  'test-system': "echo 'ok 1 - c'",
}

test('the last line counts every tier', t => {
  const { last, status } = ci(t, fine)
  t.is(last, '3 passed, 0 failed')
  t.is(status, 0)
})

test('a failed test fails the run, is named again at the end, and the later tiers still run', t => {
  const failing = "printf 'ok 1 - a\\nnot ok 2 - b\\n'; false"
  const { last, output, status } = ci(t, { ...fine, test: failing })
  t.is(last, '2 passed, 1 failed')
  t.regex(output, /== failed\ntest:not ok 2 - b\n/)
  t.is(status, 1)
})

test('a lint error, a broken build and a tier that ran nothing each count as a failure', t => {
  t.is(ci(t, { ...fine, lint: 'false' }).last, '3 passed, 1 failed')
  t.is(ci(t, { ...fine, test: 'echo no such file; exit 2' }).last, '1 passed, 1 failed')
  const { last, status } = ci(t, { ...fine, 'test-system': 'echo nothing here' })
  t.is(last, '2 passed, 1 failed')
  t.is(status, 1)
})

test('a tier that fails with no failed test says at the end what it said', t => {
  const { output } = ci(t, { ...fine, test: "printf 'ok 1 - a\\nout of memory\\n'; exit 2" })
  t.regex(output, /== failed\ntest, with no failed test:\nout of memory\nmake.*Error 2\n/)
})

test('skipped tests are said, and a cluster tier counts once it exists', t => {
  const { last } = ci(t, { ...fine, 'test-cluster': "printf 'ok 1 - d\\nok 2 - e # SKIP\\n'" })
  t.is(last, '4 passed, 0 failed, 1 skipped')
})

const tier = (
  minutes: string,
  ...commands: string[]
): { output: string; status: number | null } => {
  const { stdout, stderr, status } = spawnSync(
    'bash',
    ['scripts/tier.sh', 'test', minutes, ...commands],
    {
      cwd: root,
      encoding: 'utf8',
    },
  )
  return { output: stdout + stderr, status }
}

test('a tier runs all of its commands and fails when one did', t => {
  t.deepEqual(tier('1', 'echo a', 'echo b'), { output: 'a\nb\n', status: 0 })
  const failed = 'make test: exit code 1: false\n'
  t.deepEqual(tier('1', 'false', 'echo b'), { output: `b\n${failed}`, status: 1 })
})

test('a tier that has no time left says so', t => {
  const { output, status } = tier('0', 'echo a')
  t.regex(output, /make test: no time left for: echo a/)
  t.is(status, 1)
  const late = tier('0.01', 'sleep 60')
  t.regex(late.output, /ran past its budget of 0.01 minutes/)
})
