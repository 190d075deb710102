/**
 * CPU and memory of a process and all its descendants, from procfs (proc(5)).
 * CPU is the kernel's own accounting in ticks of 10 ms, so one second is exact to 1 % of a core.
 */
import { readFileSync, readdirSync } from 'node:fs'

/** USER_HZ: 100 on every architecture that Node runs on. */
const TICK_US = 10_000
/** Above this many threads the tree is looked up less often: that is one file a thread. */
const MANY_THREADS = 64
const LOOKUP_EVERY = 5

/** What one line of /proc/PID/stat says. */
export interface ProcessStat {
  pid: number
  parent: number
  /** CPU of the process itself, us. */
  ownUs: number
  /** CPU of its children that ended and were waited for, us. */
  reapedUs: number
  threads: number
  /** Ticks since boot; with the pid it names one life of one process. */
  started: number
}

/** Null for text that is no stat line. The name may hold spaces and brackets. */
export function parseStat(text: string): ProcessStat | null {
  const pid = Number.parseInt(text, 10)
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const at = (field: number): number => Number(fields[field - 3])
  const [parent, user, system, reapedUser, reapedSystem] = [at(4), at(14), at(15), at(16), at(17)]
  const [threads, started] = [at(20), at(22)]
  const ownUs = (user + system) * TICK_US
  const reapedUs = (reapedUser + reapedSystem) * TICK_US
  const stat = { pid, parent, ownUs, reapedUs, threads, started }
  return Object.values(stat).every(Number.isSafeInteger) ? stat : null
}

/**
 * Resident bytes from /proc/PID/status, and how many of them may be shared with other processes (files
 * and shared memory). A process that is ending has none.
 */
export function parseResident(text: string): { bytes: number; shared: number } {
  const kib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
  return { bytes: kib('VmRSS') * 1024, shared: (kib('RssFile') + kib('RssShmem')) * 1024 }
}

/** A list of CPUs, as in "0-3,8": how many there are and which. */
export function parseCpuList(text: string): Set<number> {
  const cpus = new Set<number>()
  for (const range of text.trim().split(',')) {
    const [, first, last] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range) ?? []
    if (first === undefined) continue
    for (let cpu = Number(first); cpu <= Number(last ?? first); cpu += 1) cpus.add(cpu)
  }
  return cpus
}

/** CPU and memory of a tree since the last read. */
interface TreeUsage {
  /** CPU used since the last read, us; 0 at the first. Never negative. */
  us: number
  /** Resident memory; pages that processes of the tree share are counted once. */
  bytes: number
  processes: number
}

/** The CPU that a tree used between two looks at it. Pure; the heart of `processTree`. */
export function usedBetween(
  before: ReadonlyMap<string, ProcessStat>,
  after: ReadonlyMap<string, ProcessStat>,
): number {
  let own = 0
  let reaped = 0
  for (const [life, now] of after) {
    const then = before.get(life)
    own += Math.max(0, now.ownUs - (then?.ownUs ?? 0))
    reaped += Math.max(0, now.reapedUs - (then?.reapedUs ?? 0))
  }
  // Who ended and was waited for is now in its parent's reaped time, what we counted of it included.
  for (const [life, then] of before) if (!after.has(life)) reaped -= then.ownUs + then.reapedUs
  return own + Math.max(0, reaped)
}

/** One life of one process: a pid that was given out again is another. */
export function lifeOf(stat: ProcessStat): string {
  return `${stat.pid}:${stat.started}`
}

export interface ProcessTree {
  /** Null when the root process is gone. */
  read(): TreeUsage | null
}

/** Measures the tree under `pid`. `root` stands before /proc: empty except in tests. */
export function processTree(pid: number, root = ''): ProcessTree {
  const proc = `${root}/proc`
  const usage = usageReader(proc)
  let born: number | null = null
  let pids: number[] = [pid]
  let reads = 0

  return {
    read() {
      const top = readStat(proc, pid)
      if (top === null || (born !== null && top.started !== born)) return null
      born = top.started
      if (usage.threads() <= MANY_THREADS || reads % LOOKUP_EVERY === 0)
        pids = descendants(proc, pid)
      reads += 1
      // The kernel's list of children may miss one while a sibling ends; whom we know stays known.
      return usage.read([...pids, ...usage.known()])
    },
  }
}

/** Measures whoever is named, from one read to the next. */
export function usageReader(proc: string) {
  let before: Map<string, ProcessStat> | null = null
  return {
    known: (): number[] => [...(before?.values() ?? [])].map(({ pid }) => pid),
    threads: (): number =>
      [...(before?.values() ?? [])].reduce((sum, { threads }) => sum + threads, 0),
    read(pids: Iterable<number>): TreeUsage {
      const after = new Map<string, ProcessStat>()
      let bytes = 0
      let shared = 0
      for (const pid of new Set(pids)) {
        const stat = readStat(proc, pid)
        if (stat === null) continue
        after.set(lifeOf(stat), stat)
        const resident = parseResident(readText(`${proc}/${pid}/status`) ?? '')
        bytes += Math.max(0, resident.bytes - resident.shared)
        shared = Math.max(shared, Math.min(resident.shared, resident.bytes))
      }
      const us = before === null ? 0 : usedBetween(before, after)
      before = after
      return { us, bytes: bytes + shared, processes: after.size }
    },
  }
}

/** The pid and those of all its descendants. */
function descendants(proc: string, pid: number): number[] {
  if (readText(`${proc}/${pid}/task/${pid}/children`) === null) return scan(proc, pid)
  const found = [pid]
  // The list grows while it is walked.
  for (const parent of found) {
    for (const task of list(`${proc}/${parent}/task`)) {
      const children = readText(`${proc}/${parent}/task/${task}/children`) ?? ''
      for (const child of children.split(' ').map(Number)) {
        if (child > 0 && !found.includes(child)) found.push(child)
      }
    }
  }
  return found
}

/** The same on kernels without the children files: by the parents of all processes there are. */
function scan(proc: string, pid: number): number[] {
  const childrenOf = new Map<number, number[]>()
  for (const name of list(proc)) {
    const stat = /^\d+$/.test(name) ? readStat(proc, Number(name)) : null
    if (stat !== null)
      childrenOf.set(stat.parent, [...(childrenOf.get(stat.parent) ?? []), stat.pid])
  }
  const found = [pid]
  for (const parent of found) {
    for (const child of childrenOf.get(parent) ?? []) if (!found.includes(child)) found.push(child)
  }
  return found
}

export function readStat(proc: string, pid: number): ProcessStat | null {
  return parseStat(readText(`${proc}/${pid}/stat`) ?? '')
}

/** A file of procfs or sysfs; null when it is not there, not ours to read, or its process has ended. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

export function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
