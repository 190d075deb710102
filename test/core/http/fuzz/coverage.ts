import { Session, type Profiler } from 'node:inspector'

/** Which blocks of the parser have run, by V8's own count (Profiler.startPreciseCoverage), in this process. */
export interface Coverage {
  /** Since the last call: each block with how often it ran, roughly, as one word. What did not run is left out. */
  take(): string[]
  /** Blocks that exist, of functions that ran ever, and have not run since the last call. */
  idle(): string[]
}

/** The files that read bytes: head.ts reads what another parser has split. */
const FILES = /\/core\/http\/(answer|bytes|chunked|fields|framing|lines|names|request)\.ts$/

/** Once a process, and before any of them has run: what is compiled already is not counted block by block. */
export function startCoverage(): Coverage {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  const known = new Map<string, Set<number>>()
  const read = (): Block[] => {
    let all: Profiler.ScriptCoverage[] = []
    // Answered before it returns.
    session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error
      all = result
    })
    return all
      .filter(({ url }) => FILES.test(url))
      .flatMap(({ url, functions }) => functions.flatMap(one => blocksOf(known, url, one.ranges)))
  }
  return {
    take: () =>
      read().flatMap(({ file, from, count }) =>
        count > 0 ? [`${file}:${from} ${bucket(count)}`] : [],
      ),
    idle: () =>
      read().flatMap(({ file, from, to, count }) => (count === 0 ? [`${file}:${from}-${to}`] : [])),
  }
}

/** A place where a block begins, and the block that lies innermost around it. */
interface Block {
  file: string
  from: number
  to: number
  count: number
}

/**
 * V8 leaves out a block that ran as often as the one before or around it. So that it is not taken for one that did
 * not run, each place of a function where one was ever seen to begin is looked up.
 */
function blocksOf(
  known: Map<string, Set<number>>,
  url: string,
  ranges: readonly Profiler.CoverageRange[],
): Block[] {
  const file = url.slice(url.lastIndexOf('/') + 1)
  const key = `${file}:${ranges[0]?.startOffset}`
  const places = known.get(key) ?? new Set()
  known.set(key, places)
  for (const { startOffset } of ranges) places.add(startOffset)
  return [...places].map(from => {
    const around = ranges.findLast(one => one.startOffset <= from && one.endOffset > from)
    return { file, from, to: around?.endOffset ?? from, count: around?.count ?? 0 }
  })
}

/** As AFL counts: 1, 2, 3, 4 to 7, 8 and more. */
function bucket(count: number): number {
  return count < 4 ? count : count < 8 ? 4 : 8
}
