/**
 * The model's processes in a pod that shares its process namespace: all there are but the pause process, which
 * is number 1 there, and our own. A pod's other containers count, too: no uid without capabilities can tell
 * which process belongs to which container.
 */
import { list, readStat, usageReader, type ProcessStat, type ProcessTree } from './process.ts'

/** `own`: our own process. `root` stands before /proc: empty except in tests. */
export function sharedProcesses(own: number, root = ''): ProcessTree {
  const proc = `${root}/proc`
  const usage = usageReader(proc)
  return {
    read() {
      const stats = list(proc).flatMap(name => {
        const stat = /^\d+$/.test(name) ? readStat(proc, Number(name)) : null
        return stat === null ? [] : [stat]
      })
      const others = besides(stats, own)
      return others.length === 0 ? null : usage.read(others)
    },
  }
}

const PAUSE = 1

/** All but the pause process, ourselves, and whoever descends from us. */
export function besides(stats: readonly ProcessStat[], own: number): number[] {
  const parents = new Map(stats.map(({ pid, parent }) => [pid, parent]))
  const isOurs = (pid: number): boolean => {
    const seen = new Set<number>()
    for (let at: number | undefined = pid; at !== undefined; at = parents.get(at)) {
      if (at === own) return true
      // Read one by one, they may be no tree: a number was given out again meanwhile.
      if (seen.has(at)) return false
      seen.add(at)
    }
    return false
  }
  return stats.map(({ pid }) => pid).filter(pid => pid !== PAUSE && !isOurs(pid))
}
