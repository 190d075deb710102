import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { root } from '../house/tree.ts'

const run = promisify(execFile)

/** What `npm pack` makes, installed from the registry into an empty folder. */
async function installed(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-pack-'))
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root })
  const tarball = (await readdir(folder)).find(name => name.endsWith('.tgz')) ?? ''
  await run('npm', ['install', '--prefix', folder, '--loglevel=error', join(folder, tarball)], {
    cwd: folder,
  })
  return folder
}

test('the package, installed into an empty folder, gives a working command', async t => {
  const folder = await installed()
  t.teardown(() => rm(folder, { recursive: true }))
  const command = join(folder, 'node_modules', '.bin', 'outrigger')
  const { stdout: version } = await run(command, ['--version'], { cwd: folder })
  t.regex(version, /^\d+\.\d+\.\d+\n$/)
  const { stdout: help } = await run(command, ['--help'], { cwd: folder })
  t.regex(help, /Usage: outrigger COMMAND/)
  for (const name of ['up', 'sidecar', 'edge', 'aggregator', 'controller', 'decisions']) {
    const { stdout } = await run(command, [name, '--help'], { cwd: folder })
    t.regex(stdout, /Examples:/, name)
  }
  const failure = await t.throwsAsync<Error & { code: number; stderr: string }>(
    run(command, ['no-such-command'], { cwd: folder }),
  )
  t.is(failure.code, 2)
  t.regex(failure.stderr, /no command 'no-such-command'/)
})
