import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Entry } from './tar.ts'

/** What the image holds, once: scripts/image.ts writes it to an archive, and deploy/Dockerfile to a folder. */
export function rootfs(root: string): Entry[] {
  const node = join(root, 'node_modules', 'node', 'bin', 'node')
  const files = [
    copied('usr/local/bin/node', node),
    ...libraries(node).map(path => copied(path.slice(1), path)),
    ...folder(root, 'dist'),
    copied('app/package.json', join(root, 'package.json')),
    copied('app/LICENSE', join(root, 'LICENSE')),
    ...productionPackages(root).flatMap(path => folder(root, path)),
    ...Object.entries(texts).map(([path, text]) => ({
      path,
      mode: 0o644,
      data: Buffer.from(text),
    })),
  ]
  const unique = new Map(files.map(entry => [entry.path, entry]))
  return [...foldersAbove([...unique.keys()]), ...unique.values()].toSorted((a, b) =>
    a.path < b.path ? -1 : 1,
  )
}

/** The user that everything runs as; and names: /etc/hosts before DNS, as the C library wouldn't by itself. */
const texts: Record<string, string> = {
  'etc/passwd':
    'root:x:0:0:root:/:/sbin/nologin\noutrigger:x:65532:65532:outrigger:/tmp:/sbin/nologin\n',
  'etc/group': 'root:x:0:\noutrigger:x:65532:\n',
  'etc/nsswitch.conf': 'hosts: files dns\n',
}

/** Not needed at run time: types, what the live page has a copy of in dist, and what is for Bare instead of Node. */
const unused = /^node_modules\/(@types\/.*|undici-types|uplot|bare-.*)$/
const unusedFile = /\.([cm]?ts|map|md|markdown)$|\/(test|tests|__tests__)\//

/** Paths of the packages that `npm ci --omit=dev` would install, from the lock file. */
export function productionPackages(root: string): string[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean }>
  }
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true && !unused.test(path))
    .filter(([path, { optional }]) => optional !== true || exists(join(root, path)))
    .map(([path]) => path)
}

/** Files below root/path, but no hidden ones and no packages within packages, which the lock file lists by themselves. */
function folder(root: string, path: string): Entry[] {
  return readdirSync(join(root, path), { withFileTypes: true }).flatMap(item => {
    const inner = `${path}/${item.name}`
    if (/^(node_modules|\..*)$/.test(item.name)) return []
    if (item.isDirectory()) return folder(root, inner)
    const used = !unusedFile.test(inner) || /LICEN[CS]E|NOTICE/i.test(item.name)
    return used ? [copied(`app/${inner}`, join(root, inner))] : []
  })
}

function copied(path: string, from: string): Entry {
  const { mode, size } = statSync(from)
  return { path, mode: mode & 0o111 ? 0o755 : 0o644, file: { from, size } }
}

/** The loader and the shared libraries of a program, at the paths where the loader looks for them. */
function libraries(program: string): string[] {
  const named = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n')
  const paths = named.flatMap(line => /(?:=> |^\s*)(\/\S+) \(0x/.exec(line)?.[1] ?? [])
  if (!paths.some(path => path.includes('/ld-'))) {
    throw new Error(`expected ldd to name the loader of ${program}, got ${named.join('; ')}`)
  }
  return paths
}

function foldersAbove(paths: string[]): Entry[] {
  const folders = new Set<string>(['tmp'])
  for (const path of paths) {
    for (let at = dirname(path); at !== '.'; at = dirname(at)) folders.add(at)
  }
  return [...folders].map(path => ({ path, mode: path === 'tmp' ? 0o1777 : 0o755 }))
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
