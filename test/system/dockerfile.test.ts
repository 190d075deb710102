import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { call } from '../../core/runtime/call.ts'
import { run as how } from '../../scripts/image-config.ts'
import { root } from '../house/tree.ts'
import { environment } from '../sidecar/support.ts'
import { startBuildah, type Buildah } from './buildah.ts'
import { nodeImage } from './node-image.ts'

const run = promisify(execFile)
const IMAGE = 'localhost/outrigger'

test('the Dockerfile makes the image that scripts/image.ts makes, and a sidecar runs from it', async t => {
  t.timeout(280_000)
  const tool = startBuildah(t)
  t.deepEqual(await uselessInContext(tool), [])
  await build(t, tool)
  const { OCIv1 } = JSON.parse(await tool.ask('inspect', '--type=image', IMAGE)) as {
    OCIv1: { config: object }
  }
  t.deepEqual(OCIv1.config, how)
  const container = await tool.ask('from', '--pull-never', IMAGE)
  const folder = join(tool.folder, 'rootfs')
  await run('node', ['scripts/image.ts', '--rootfs', folder], { cwd: root })
  const [wanted, got] = [entries(folder), entries(await tool.ask('mount', container))]
  t.true(wanted.length > 1000)
  t.deepEqual(without(got, wanted), [])
  t.deepEqual(without(wanted, got), [])
  await runs(t, tool, container)
})

/** What a build is sent and has no use for. */
async function uselessInContext(tool: Buildah): Promise<string[]> {
  const file = join(tool.folder, 'Dockerfile')
  writeFileSync(file, 'FROM scratch\nCOPY . /\n')
  copyFileSync(join(root, 'deploy/Dockerfile.dockerignore'), `${file}.dockerignore`)
  await tool.ask('bud', '-f', file, '-t', 'localhost/context', root)
  const container = await tool.ask('from', '--pull-never', 'localhost/context')
  const sent = readdirSync(await tool.ask('mount', container))
  if (!sent.includes('package.json')) throw new Error(`expected our sources, got ${sent.join(' ')}`)
  return sent.filter(path => /^(\.git|\.cache|\.outrigger|node_modules|dist|test)$/.test(path))
}

async function build(t: ExecutionContext, tool: Buildah): Promise<void> {
  const began = performance.now()
  const { name, options } = await nodeImage(tool)
  const words = [
    'bud',
    '--pull=never',
    '--identity-label=false',
    '--build-arg',
    `NODE_IMAGE=${name}`,
  ]
  await tool.ask(...words, ...options, '-f', join(root, 'deploy/Dockerfile'), '-t', IMAGE, root)
  t.log(
    `what stands for node:26, and the build: ${Math.round((performance.now() - began) / 1000)} s`,
  )
}

/** A line for each file and folder: kind and mode, owner, path, a hash of what is in it. */
function entries(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return paths.map(path => {
    const stat = lstatSync(join(folder, path))
    const inside = stat.isFile() ? readFileSync(join(folder, path)) : ''
    const hash = createHash('sha256').update(inside).digest('hex')
    return `${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${path} ${hash}`
  })
}

/** The first 20 lines that `others` has not. */
function without(lines: string[], others: string[]): string[] {
  const known = new Set(others)
  return lines.filter(line => !known.has(line)).slice(0, 20)
}

/** A sidecar, started as the image says. It ends with its standard input: buildah hands no SIGTERM on. */
async function runs(t: ExecutionContext, tool: Buildah, container: string): Promise<void> {
  const version = await tool.ask('run', container, '--', ...how.Entrypoint, '--version')
  t.regex(version, /^\d+\.\d+\.\d+$/)
  const settings = { ...environment('127.0.0.1:1', '/tmp/state'), OUTRIGGER_PARENT: 'stdin' }
  const env = Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`])
  const { stdin, stdout, ended } = tool.start(
    'run',
    ...env,
    container,
    '--',
    ...how.Entrypoint,
    'sidecar',
  )
  const line = await Promise.race([once(stdout, 'data'), ended])
  if (!Array.isArray(line)) throw new Error(`the sidecar ended with ${line}`)
  const { listening } = JSON.parse(String(line[0])) as { listening: { admin: string } }
  t.is((await call('GET', `http://${listening.admin}/healthz`)).status, 200)
  stdin.end()
  t.is(await ended, 0)
}
