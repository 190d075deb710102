import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import test from 'ava'
import { run } from '../../scripts/image-config.ts'
import { productionPackages, rootfs } from '../../scripts/rootfs.ts'
import { sizeOf } from '../../scripts/tar.ts'
import { root } from '../house/tree.ts'

const entries = rootfs(root)
const paths = new Set(entries.map(({ path }) => path))

test('the image holds node, its loader, the program, its packages and who it runs as', t => {
  const needed = ['usr/local/bin/node', 'app/dist/cli/main.js', 'app/package.json', 'etc/passwd']
  for (const path of [
    ...needed,
    'app/dist/dashboards/explorer/index.html',
    'app/dist/THIRD-PARTY-LICENSES.txt',
    'tmp',
  ]) {
    t.true(paths.has(path), path)
  }
  t.true([...paths].some(path => /^lib.*\/ld-linux/.test(path)))
  t.true([...paths].some(path => path.endsWith('/libc.so.6')))
})

test('the image holds nothing that only a build needs, and is not large', t => {
  const stray = [...paths].filter(path =>
    /\.d\.[cm]?ts$|\.map$|onnxruntime|uplot\/|typescript\/|\/\.|^app\/(test|scripts|bench)/.test(
      path,
    ),
  )
  t.deepEqual(stray, [])
  const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0)
  t.true(bytes < 220e6, `${bytes} bytes`)
})

test('folders come before what is in them, and nothing is there twice', t => {
  const seen = new Set<string>()
  for (const { path } of entries) {
    const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : null
    t.true(parent === null || seen.has(parent), path)
    t.false(seen.has(path), path)
    seen.add(path)
  }
})

test('the packages are those that npm would install for production', t => {
  const list = ['ls', '--omit=dev', '--all', '--parseable']
  const { stdout } = spawnSync('npm', list, { cwd: root, encoding: 'utf8' })
  const wanted = stdout
    .trim()
    .split('\n')
    .map(path => relative(root, path))
    // What types and Bare need, what the page has a copy of, and what the script of the package `node` needed.
    .filter(path => !/^$|^node_modules\/(@types\/|undici-types|uplot|bare-|node-bin-)/.test(path))
  t.true(wanted.length > 50)
  t.deepEqual(productionPackages(root).toSorted(), wanted.toSorted())
})

test('written to a folder, the program runs from there alone', t => {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-image-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  execFileSync('node', ['scripts/image.ts', '--rootfs', folder], { cwd: root })
  t.is(statSync(join(folder, 'tmp')).mode & 0o7777, 0o1777)
  const node = join(folder, 'usr/local/bin/node')
  const asked = (...words: string[]): string =>
    execFileSync(node, words, { cwd: folder, encoding: 'utf8' }).trim()
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string
  }
  t.true(asked(join(folder, 'app/dist/cli/main.js'), '--version').includes(version))
  for (const name of ['controller', 'aggregator', 'edge', 'sidecar', 'up', 'check']) {
    t.regex(asked(join(folder, 'app/dist/cli/main.js'), name, '--help'), /Examples:/, name)
  }
  const packages = ['@kubernetes/client-node', '@opentelemetry/sdk-node', 'http-proxy', 'yaml']
  const imports = packages.map(name => `await import(${JSON.stringify(name)})`)
  const from = ['--input-type=module', '-e', `${imports.join(';')};console.log('all')`]
  const inApp = execFileSync(node, from, { cwd: join(folder, 'app'), encoding: 'utf8' })
  t.is(inApp.trim(), 'all')
})

test('the Dockerfile runs the image in the same way, and has the same script say what goes in', t => {
  const text = readFileSync(join(root, 'deploy/Dockerfile'), 'utf8')
  const final = text.slice(text.indexOf('FROM scratch'))
  const word = (name: string): string => new RegExp(`^${name} (.*)$`, 'm').exec(final)?.[1] ?? ''
  t.is(word('USER'), run.User)
  t.is(word('WORKDIR'), run.WorkingDir)
  t.deepEqual(word('ENV').split(' '), run.Env)
  t.deepEqual(JSON.parse(word('ENTRYPOINT')), run.Entrypoint)
  t.deepEqual(final.match(/^(COPY|ADD|RUN) .*$/gm), ['COPY --from=build /out/ /'])
  t.regex(text, /^RUN .*make image ARGS='--rootfs \/out'$/m)
  for (const path of /^COPY (.*) \.\/$/m.exec(text)?.[1]?.split(' ') ?? []) {
    t.true(existsSync(join(root, path)), path)
  }
})
