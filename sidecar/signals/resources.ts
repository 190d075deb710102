/** CPU and memory as a sample carries them: of the model's process tree, and of the sidecar itself. */
import { readFileSync } from 'node:fs'
import type { Sample } from '../../core/model/sample.ts'
import { residentReader } from '../../core/runtime/resident.ts'
import { allowedCores, readBounds } from './cgroup.ts'
import { processTree } from './process.ts'
import { sharedProcesses } from './shared.ts'

/** A quota seldom changes (in-place resize does it); this many reads keep the one found. */
const BOUNDS_EVERY = 10

interface Resources {
  cpu: Sample['cpu']
  memory: Sample['memory']
}

export interface ResourceReader {
  /** To be called once a second; CPU is what was used since the last call. Nulls: the process is gone. */
  read(): Resources
}

/** What the model may use, where that is known from elsewhere (the pod's specification). */
export interface Allowed {
  /** Cores x 1000; null: as the kernel says. */
  quota: number | null
  /** Bytes; null: as the kernel says. */
  memoryLimit: number | null
}

export interface ResourceOptions extends Allowed {
  /** The model's root process. */
  pid: number
  /** Stands before /proc and /sys: empty except in tests. */
  root?: string
}

export function resourceReader(options: ResourceOptions): ResourceReader {
  const { pid, quota, memoryLimit, root = '' } = options
  const tree = processTree(pid, root)
  let reads = 0
  let cores = 0
  let limit: number | null = null
  return {
    read() {
      const usage = tree.read()
      if (usage === null) return { cpu: null, memory: null }
      if (reads % BOUNDS_EVERY === 0) {
        const bounds = readBounds(pid, root)
        limit = memoryLimit ?? bounds.memoryLimit
        cores = quota ?? Math.min(bounds.quota ?? Infinity, allowedCores(pid, root) ?? 1000)
      }
      reads += 1
      return { cpu: { us: usage.us, quota: cores }, memory: { bytes: usage.bytes, limit } }
    },
  }
}

/** Of the process that a file names: a model that is started again has a new id, and the file then says so. */
export function namedResources(options: Allowed & { file: string; root?: string }): ResourceReader {
  const { file, ...rest } = options
  let reader: ResourceReader | null = null
  return {
    read() {
      const read = reader?.read()
      if (read !== undefined && read.cpu !== null) return read
      const pid = pidIn(file)
      reader = pid === null ? null : resourceReader({ ...rest, pid })
      return reader?.read() ?? { cpu: null, memory: null }
    },
  }
}

/** Of the other containers of a pod that shares its processes. Their control groups can't be seen from ours. */
export function sharedResources(options: Allowed & { own: number; root?: string }): ResourceReader {
  const { own, quota, memoryLimit, root = '' } = options
  const others = sharedProcesses(own, root)
  let cores: number | null = null
  return {
    read() {
      const usage = others.read()
      if (usage === null) return { cpu: null, memory: null }
      cores ??= quota ?? allowedCores('self', root) ?? 1000
      return {
        cpu: { us: usage.us, quota: cores },
        memory: { bytes: usage.bytes, limit: memoryLimit },
      }
    },
  }
}

function pidIn(file: string): number | null {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null
  } catch {
    return null
  }
}

/** The kernel tells our own memory by a file: so many reads keep what it said. */
const RSS_EVERY = 10

/** What the sidecar's own process costs; the numbers come from `process`, so that tests can give them. */
export interface OwnNumbers {
  cpuUsage(): { user: number; system: number }
  memoryUsage: { rss(): number }
}

/**
 * Measures this process. `lateUs` is the worst lateness of the one-second timer since the last call:
 * it shows a blocked event loop and costs nothing, where a histogram of loop delays wakes the process a
 * hundred times a second.
 */
export function selfReader(own: OwnNumbers): { read(lateUs: number): Sample['self'] } {
  const used = (): number => {
    const { user, system } = own.cpuUsage()
    return user + system
  }
  const rss = residentReader(() => own.memoryUsage.rss())
  let before = used()
  let reads = 0
  let resident = 0
  return {
    read(lateUs) {
      const now = used()
      const cpuUs = Math.max(0, Math.round(now - before))
      before = now
      if (reads++ % RSS_EVERY === 0) resident = rss()
      return { cpuUs, rss: resident, delayUs: Math.max(0, Math.round(lateUs)) }
    },
  }
}
