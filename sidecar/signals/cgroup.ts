/**
 * The CPU quota and memory limit that the kernel holds a process to: cgroup v2, v1, and both at once
 * (cgroups(7), the kernel's cgroup-v2.rst, sched-bwc.rst). The tightest of a group and those above it
 * counts. Groups that this process cannot see (another container's) give null.
 */
import { parseCpuList, readText } from './process.ts'

/** A line of /proc/PID/cgroup: v2 has the id 0 and names no controllers. */
export interface Membership {
  v2: boolean
  controllers: string[]
  path: string
}

/** A cgroup mount, from /proc/PID/mountinfo. */
export interface Mount {
  v2: boolean
  controllers: string[]
  /** The group that the mount point shows. */
  root: string
  point: string
}

/** What holds a process. */
export interface Bounds {
  /** Cores x 1000; null without a quota. */
  quota: number | null
  memoryLimit: number | null
  /** Working set of the process's own group: what is in use without file pages that can be dropped. */
  memoryBytes: number | null
}

export function parseMemberships(text: string): Membership[] {
  return text.split('\n').flatMap(line => {
    const [, id, names, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? []
    if (id === undefined || names === undefined || path === undefined) return []
    return [{ v2: id === '0' && names === '', controllers: names.split(','), path }]
  })
}

export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap(line => {
    const [before = '', after] = line.split(' - ')
    const [, , , root, point] = before.split(' ')
    const [type, , options = ''] = (after ?? '').split(' ')
    if (root === undefined || point === undefined) return []
    if (type !== 'cgroup' && type !== 'cgroup2') return []
    return [
      {
        v2: type === 'cgroup2',
        controllers: options.split(','),
        root: plain(root),
        point: plain(point),
      },
    ]
  })
}

/** Spaces and the like are written in octal. */
function plain(path: string): string {
  return path.replace(/\\(\d{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  )
}

/** The folders of a process's group for one controller, its own first, up to the mount point. */
function foldersOf(
  controller: string | null,
  memberships: readonly Membership[],
  mounts: readonly Mount[],
): string[] {
  const mine = (one: { v2: boolean; controllers: string[] }): boolean =>
    controller === null ? one.v2 : !one.v2 && one.controllers.includes(controller)
  const path = memberships.find(mine)?.path
  const mount = mounts.find(mine)
  if (path === undefined || mount === undefined) return []
  const inside = below(mount.root, path)
  if (inside === null) return []
  const names = inside.split('/').filter(name => name !== '')
  return names
    .map((_, index) => [mount.point, ...names.slice(0, names.length - index)].join('/'))
    .concat(mount.point)
}

/** A path below a mount's root; null when it lies elsewhere, as another container's does. */
function below(root: string, path: string): string | null {
  if (path === '/..' || path.startsWith('/../')) return null
  if (root === '/') return path
  if (path === root) return ''
  return path.startsWith(`${root}/`) ? path.slice(root.length) : null
}

/** v2 cpu.max: "max 100000" or "150000 100000". Cores x 1000, or null. */
export function parseCpuMax(text: string): number | null {
  const [quota, period = '100000'] = text.trim().split(/\s+/)
  return cores(Number(quota), Number(period))
}

function cores(quota: number, period: number): number | null {
  return quota > 0 && period > 0 ? Math.max(1, Math.round((quota * 1000) / period)) : null
}

/** A limit in bytes; null for "max" and for v1's greatest number, which stands for none. */
export function parseBytes(text: string): number | null {
  const bytes = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN
  return bytes <= Number.MAX_SAFE_INTEGER ? bytes : null
}

/** Reads what holds `pid`. `root` stands before /proc and /sys: empty except in tests. */
export function readBounds(pid: number | 'self', root = ''): Bounds {
  const memberships = parseMemberships(readText(`${root}/proc/${pid}/cgroup`) ?? '')
  // Files are opened in our own mount namespace, so our own mounts tell where they are.
  const mounts = parseMounts(readText(`${root}/proc/self/mountinfo`) ?? '')
  const v2 = foldersOf(null, memberships, mounts)
  const cpu = foldersOf('cpu', memberships, mounts)
  const memory = foldersOf('memory', memberships, mounts)
  const read = (folder: string, file: string): string => readText(`${root}${folder}/${file}`) ?? ''
  const quota = least([
    ...v2.map(folder => parseCpuMax(read(folder, 'cpu.max'))),
    ...cpu.map(folder =>
      cores(Number(read(folder, 'cpu.cfs_quota_us')), Number(read(folder, 'cpu.cfs_period_us'))),
    ),
  ])
  const memoryLimit = least([
    ...v2.map(folder => parseBytes(read(folder, 'memory.max'))),
    ...memory.map(folder => parseBytes(read(folder, 'memory.limit_in_bytes'))),
  ])
  const current = (folder: string | undefined, used: string, droppable: string): number | null => {
    const bytes = folder === undefined ? null : parseBytes(read(folder, used))
    if (folder === undefined || bytes === null) return null
    const line = new RegExp(`^${droppable} (\\d+)$`, 'm').exec(read(folder, 'memory.stat'))
    return Math.max(0, bytes - Number(line?.[1] ?? 0))
  }
  const memoryBytes =
    current(v2[0], 'memory.current', 'inactive_file') ??
    current(memory[0], 'memory.usage_in_bytes', 'total_inactive_file')
  return { quota, memoryLimit, memoryBytes }
}

function least(numbers: readonly (number | null)[]): number | null {
  const known = numbers.filter(number => number !== null)
  return known.length === 0 ? null : Math.min(...known)
}

/** Cores x 1000 that a process may run on: its CPU list, as far as those CPUs are online. */
export function allowedCores(pid: number | 'self', root = ''): number | null {
  const status = readText(`${root}/proc/${pid}/status`) ?? ''
  const allowed = parseCpuList(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '')
  const online = parseCpuList(readText(`${root}/sys/devices/system/cpu/online`) ?? '')
  const usable = [...allowed].filter(cpu => online.size === 0 || online.has(cpu))
  return usable.length === 0 ? null : usable.length * 1000
}
