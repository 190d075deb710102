/**
 * Connections that reach the model past the sidecar. Containers of a pod share one network namespace, so the
 * kernel lists the model's connections to us, too: those to its port that do not come by loopback, as ours do.
 */
import { open } from 'node:fs/promises'

const EVERY_MS = 5000
/** While there are none. */
const SELDOM_MS = 60_000
/** And nobody uses the model: a look costs as much as all that a sidecar at rest does in a minute. */
const RESTING_MS = 300_000
/** A look that is older says nothing of now. */
const STALE_MS = 330_000
/** Some 7000 connections of each family: more than is needed to know that there are any. */
const MOST_BYTES = 1024 * 1024
const CHUNK = 65_536
const ESTABLISHED = '01'
/** Words of an IPv6 address are little-endian, as is every machine that our image runs on. */
const MAPPED = '0000000000000000FFFF0000'
const LOOPBACK6 = '00000000000000000000000001000000'

export interface DirectWatch {
  /** With each sample, and monotonic ms. Never throws. `resting`: nobody uses the model. */
  tick(nowMs: number, resting: boolean): Promise<void>
  /** How many were open at the newest look; null where it can't be seen. */
  last(nowMs: number): number | null
}

/** Where none can come past. */
export const NO_DIRECT: DirectWatch = { tick: () => Promise.resolve(), last: () => 0 }

export interface DirectOptions {
  /** Of the model. */
  port: number
  /** Stands before /proc: empty except in tests. */
  root?: string
}

export function directWatch({ port, root = '' }: DirectOptions): DirectWatch {
  let newest: { count: number; at: number } | null = null
  let due = -Infinity
  let asked = -Infinity
  return {
    async tick(nowMs, resting) {
      if (nowMs < (resting ? due : Math.min(due, asked + SELDOM_MS))) return
      asked = nowMs
      due = nowMs + EVERY_MS
      const count = directConnections(port)
      // Our own namespace, which is the pod's.
      const reads = ['tcp', 'tcp6'].map(name =>
        eachLine(`${root}/proc/self/net/${name}`, count.add),
      )
      const seen = await Promise.all(reads)
      if (seen.includes(true)) newest = { count: count.value(), at: nowMs }
      if (count.value() === 0) due = nowMs + RESTING_MS
    },
    last: nowMs => (newest === null || nowMs - newest.at > STALE_MS ? null : newest.count),
  }
}

/** Counts lines of /proc/net/tcp and tcp6 (proc_net_tcp in the kernel's documentation); others are no connection. */
export function directConnections(port: number): { add(line: string): void; value(): number } {
  const local = port.toString(16).toUpperCase().padStart(4, '0')
  let count = 0
  return {
    add(line) {
      const [, own = '', other = '', state] = line.trim().split(/\s+/, 4)
      if (state !== ESTABLISHED || !own.endsWith(`:${local}`)) return
      const [, from] = /^([0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4}$/.exec(other) ?? []
      if (from !== undefined && !isLoopback(from)) count++
    },
    value: () => count,
  }
}

function isLoopback(hex: string): boolean {
  if (hex === LOOPBACK6) return true
  const v4 = hex.startsWith(MAPPED) ? hex.slice(MAPPED.length) : hex
  return v4.length === 8 && v4.endsWith('7F')
}

/** As much of the file as is worth it; false where there is none. */
async function eachLine(path: string, take: (line: string) => void): Promise<boolean> {
  try {
    await using file = await open(path)
    const buffer = Buffer.alloc(CHUNK)
    let rest = ''
    for (let left = MOST_BYTES; left > 0;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK)
      if (bytesRead === 0) break
      left -= bytesRead
      const lines = (rest + buffer.toString('latin1', 0, bytesRead)).split('\n')
      // A line is 150 to 200 bytes; what has no end is none.
      rest = (lines.pop() ?? '').slice(0, 1024)
      for (const line of lines) take(line)
    }
    return true
  } catch {
    return false
  }
}
