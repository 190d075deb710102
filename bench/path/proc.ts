/** What /proc says of processes: Linux, proc(5). */

export interface Stat {
  pid: number
  parent: number
  /** utime + stime, in ticks. */
  ticks: number
}

/** USER_HZ: what the kernel shows to programs, 100 on every Linux that Node runs on. */
export const TICKS_A_SECOND = 100

/** /proc/PID/stat; the name in brackets may hold anything. */
export function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number)
  const stat = {
    pid: Number.parseInt(text, 10),
    parent: parent ?? NaN,
    ticks: (user ?? NaN) + (system ?? NaN),
  }
  if (Object.values(stat).some(Number.isNaN)) throw new Error(`expected a stat line, got ${text}`)
  return stat
}

/** The process and all that it has started, and they. */
export function treeOf(root: number, all: readonly Stat[]): Stat[] {
  const own = all.filter(({ pid }) => pid === root)
  const children = all.filter(({ parent }) => parent === root)
  return [...own, ...children.flatMap(({ pid }) => treeOf(pid, all))]
}

export interface Memory {
  /** Resident, bytes. */
  rss: number
  /** What is shared divided by those who share it. */
  pss: number
  /** Written, and nobody else's: what one more such process costs. */
  dirty: number
}

/** /proc/PID/smaps_rollup. */
export function parseMemory(text: string): Memory {
  const bytes = (name: string): number => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]
    if (kib === undefined) throw new Error(`smaps_rollup: expected ${name}, got ${text}`)
    return Number(kib) * 1024
  }
  return { rss: bytes('Rss'), pss: bytes('Pss'), dirty: bytes('Private_Dirty') }
}

/** ns on a CPU, of /proc/PID/task/TID/schedstat. */
export function parseSchedstat(text: string): number {
  const ns = Number.parseInt(text, 10)
  if (Number.isNaN(ns)) throw new Error(`schedstat: expected a count, got ${text}`)
  return ns
}

/** The processors of a list as the kernel writes it: "0-2,5" (cpuset(7)). */
export function parseCpuList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .flatMap(part => {
      const [from, to = from] = part.split('-').map(Number)
      if (from === undefined || to === undefined || !(to >= from))
        throw new Error(`expected a list of processors, got ${text}`)
      return Array.from({ length: to - from + 1 }, (_, i) => from + i)
    })
}

/** Output of `perf stat -x ,`: the sum of all counts of the event, or null where it is not counted. */
export function parsePerf(text: string, event: string): number | null {
  const counts = text
    .split('\n')
    .map(line => line.split(','))
    .filter(fields => fields[2]?.split(':')[0] === event)
    .map(([count]) => Number(count))
  if (counts.length === 0 || counts.some(Number.isNaN)) return null
  return counts.reduce((sum, count) => sum + count, 0)
}
