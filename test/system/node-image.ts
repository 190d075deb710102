import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  symlinkSync,
} from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { root } from '../house/tree.ts'
import type { Buildah } from './buildah.ts'

/** More than our Makefile needs, so that it may change; node:26 has them all. */
const PROGRAMS =
  'awk bash cat chmod cp dirname env find grep head ldd ln ls make mkdir mv rm sed sh sort tar touch tr uname'

/**
 * Stands for node:26 under deploy/Dockerfile where no registry of images is reached: our Node, and this machine's
 * npm, make and shell. `options` lend a build npm's cache.
 */
export async function nodeImage(tool: Buildah): Promise<{ name: string; options: string[] }> {
  const container = await tool.ask('from', 'scratch')
  const base = await tool.ask('mount', container)
  addPrograms(base)
  const { cache, env } = addNpm(base)
  await tool.ask('config', ...env.flatMap(setting => ['--env', setting]), container)
  const name = 'localhost/node'
  await tool.ask('commit', '--quiet', '--rm', container, name)
  return { name, options: ['--volume', `${cache}:/var/npm`] }
}

function addPrograms(base: string): void {
  for (const folder of ['tmp', 'usr/bin']) mkdirSync(join(base, folder), { recursive: true })
  symlinkSync('usr/bin', join(base, 'bin'))
  const programs = PROGRAMS.split(' ').map(onHost)
  for (const path of programs) copy(base, path, `usr/bin/${basename(path)}`)
  copy(base, process.execPath, 'usr/local/bin/node')
  // It fails for scripts among them, and still lists the libraries of the others.
  const listed = [process.execPath, ...programs, ...bundler()]
  const { stdout } = spawnSync('ldd', listed, { encoding: 'utf8' })
  for (const [, path = ''] of stdout.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)) copy(base, path)
}

/** Native parts of the bundler: npm installs them, and their libraries are node:26's. */
function bundler(): string[] {
  const packages = join(root, 'node_modules/@rolldown')
  const files = readdirSync(packages, { recursive: true, encoding: 'utf8' })
  return files.filter(file => file.endsWith('.node')).map(file => join(packages, file))
}

/** npm as it is set up here: its registry, who may use it, and the certificates that the way there needs. */
function addNpm(base: string): { cache: string; env: string[] } {
  const folder = dirname(dirname(realpathSync(onHost('npm'))))
  cpSync(folder, join(base, 'usr/local/lib/node_modules/npm'), { recursive: true })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(base, 'usr/local/bin/npm'))
  const words = ['config', 'get', 'registry', 'cafile', 'userconfig', 'cache']
  const said = execFileSync('npm', words, { cwd: root, encoding: 'utf8' })
  const of = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(said)?.[1] ?? ''
  const certificates = process.env['NODE_EXTRA_CA_CERTS'] ?? ''
  for (const path of [of('cafile'), certificates]) if (existsSync(path)) copy(base, path)
  if (existsSync(of('userconfig'))) copy(base, of('userconfig'), 'etc/npmrc')
  const env = [
    'PATH=/usr/local/bin:/usr/bin',
    `NODE_EXTRA_CA_CERTS=${certificates}`,
    `npm_config_registry=${of('registry')}`,
    ...(existsSync(of('cafile')) ? [`npm_config_cafile=${of('cafile')}`] : []),
    'npm_config_userconfig=/etc/npmrc',
    'npm_config_cache=/var/npm',
  ]
  mkdirSync(of('cache'), { recursive: true })
  return { cache: of('cache'), env }
}

function copy(base: string, from: string, to = from): void {
  const path = join(base, to)
  mkdirSync(dirname(path), { recursive: true })
  copyFileSync(from, path)
}

/** Path of a program that isn't one of our packages. */
function onHost(name: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const paths = folders.filter(part => !part.includes('node_modules')).map(part => join(part, name))
  const path = paths.find(existsSync)
  if (path === undefined) throw new Error(`expected ${name} on this machine's PATH`)
  return path
}
