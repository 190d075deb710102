import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { root } from './tree.ts'

interface Entry {
  resolved?: string
  optionalDependencies?: Record<string, string>
}

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Entry>
}

/** Optional dependencies that no package of the lock file stands for: npm ci refuses them. */
function missing(packages: Record<string, Entry>): string[] {
  const names = new Set(Object.keys(packages).map(path => path.split('node_modules/').at(-1)))
  return Object.values(packages)
    .flatMap(entry => Object.keys(entry.optionalDependencies ?? {}))
    .filter(name => !names.has(name))
}

const registries = (packages: Record<string, Entry>): string[] =>
  Object.values(packages).flatMap(({ resolved }) => (resolved === undefined ? [] : [resolved]))

test('npm ci finds every build that a tool may ask for (mend: node scripts/complete-lock.ts)', t => {
  t.deepEqual(missing(lock.packages), [])
  t.deepEqual(missing({ 'node_modules/a': { optionalDependencies: { 'a-linux': '1.0.0' } } }), [
    'a-linux',
  ])
})

test('the lock file names no registry', t => {
  t.deepEqual(registries(lock.packages), [])
  t.deepEqual(registries({ 'node_modules/a': { resolved: 'http://host/a.tgz' } }), [
    'http://host/a.tgz',
  ])
})
