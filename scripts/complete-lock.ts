/**
 * Lists in package-lock.json the builds of tools for other platforms that the registry in use did not
 * have when the lock file was written. `npm ci` refuses a lock file that leaves an optional dependency
 * out; one that is listed and made for another platform is never fetched. Run it after `npm install`.
 */
import { readFileSync, writeFileSync } from 'node:fs'

interface Entry {
  version?: string
  optionalDependencies?: Record<string, string>
  os?: string[]
  cpu?: string[]
  libc?: string[]
  dev?: boolean
  optional?: boolean
}
type Packages = Record<string, Entry>

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Packages }
const added = complete(lock.packages)
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en')),
)
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} builds for other platforms added to the lock file`)

function complete(packages: Packages): number {
  let count = 0
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (found(packages, path, name)) continue
      packages[`node_modules/${name}`] = { version, ...platform(name), dev: true, optional: true }
      count++
    }
  }
  return count
}

/** Whether Node's own look-up, from the package upwards, would find it. */
function found(packages: Packages, from: string, name: string): boolean {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`] !== undefined) return true
    if (at === '') return false
  }
}

function platform(name: string): Entry {
  const part = name.slice(name.lastIndexOf('/') + 1)
  const os = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'].find(word =>
    part.includes(word),
  )
  const cpu = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x'].find(word =>
    part.includes(word),
  )
  if (os === undefined || cpu === undefined) throw new Error(`not a build for a platform: ${name}`)
  const libc = part.includes('musl')
    ? { libc: ['musl'] }
    : part.includes('gnu')
      ? { libc: ['glibc'] }
      : {}
  return { os: [os], cpu: [cpu], ...libc }
}
