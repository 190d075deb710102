import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'

/** What a process uses, what it asked of the API server, and what its metrics say, over a span of time. */
export interface Use {
  cpuMs: number
  rssMiB: number
  pssMiB: number
}

const MS_A_TICK = 10

export function useOf(pid: number): Use {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  const smaps = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const mib = (name: string): number =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(smaps)?.[1] ?? 0) / 1024)
  const cpuMs = (Number(stat[11]) + Number(stat[12])) * MS_A_TICK
  return { cpuMs, rssMiB: mib('Rss'), pssMiB: mib('Pss') }
}

/** Percent of one core between two readings. */
export function share(before: Use, after: Use, seconds: number): number {
  return Math.round((after.cpuMs - before.cpuMs) / seconds) / 10
}

interface AuditEvent {
  stage: string
  verb: string
  requestURI: string
  objectRef?: { resource?: string; subresource?: string }
}

/** The requests that the API server wrote down. */
export class Audit {
  private readonly path: string
  private at = 0
  private rest = ''

  constructor(path: string) {
    this.path = path
  }

  /** By "verb resource", since the last reading. */
  take(): Record<string, number> {
    const counts: Record<string, number> = {}
    const lines = (this.rest + this.read()).split('\n')
    this.rest = lines.pop() ?? ''
    for (const line of lines) {
      const { stage, verb, objectRef, requestURI } = JSON.parse(line) as AuditEvent
      // A watch is written down when it starts and when it ends.
      if (verb === 'watch' && stage !== 'ResponseStarted') continue
      const { resource, subresource } = objectRef ?? {}
      const what = resource ?? requestURI.split('?')[0] ?? ''
      const key = `${verb} ${what}${subresource === undefined ? '' : `/${subresource}`}`
      counts[key] = (counts[key] ?? 0) + 1
    }
    return Object.fromEntries(Object.entries(counts).toSorted(([, a], [, b]) => b - a))
  }

  private read(): string {
    const file = openSync(this.path, 'r')
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - this.at))
    const got = readSync(file, bytes, 0, bytes.length, this.at)
    closeSync(file)
    this.at += got
    return bytes.toString('utf8', 0, got)
  }
}

/** A /metrics page. */
export class Page {
  private readonly lines: string[]

  constructor(text: string) {
    this.lines = text.split('\n')
  }

  /** Over all series of the name whose labels hold `label`. */
  sum(name: string, label = ''): number {
    return this.lines
      .filter(line => /^[^{ ]+/.exec(line)?.[0] === name && line.includes(label))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }

  /** The bucket's bound, in seconds, below which a share of what came since `before` lies. */
  quantile(name: string, share: number, before: Page): number {
    const [from, to] = [before.buckets(name), this.buckets(name)]
    const total = (to.at(-1)?.count ?? 0) - (from.at(-1)?.count ?? 0)
    const found = to.find(({ count }, i) => count - (from[i]?.count ?? 0) >= share * total)
    return found?.bound ?? Infinity
  }

  private buckets(name: string): { bound: number; count: number }[] {
    return this.lines.flatMap(line => {
      const [, bound, count] = /_bucket\{le="([^"]+)"\} (\S+)$/.exec(line) ?? []
      if (bound === undefined || !line.startsWith(`${name}_bucket`)) return []
      return [{ bound: bound === '+Inf' ? Infinity : Number(bound), count: Number(count) }]
    })
  }
}
