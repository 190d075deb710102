import type { Distribution } from '../../core/model/distribution.ts'
import { bucketOf, BUCKETS, lowest } from '../../core/model/histogram.ts'
import type { Sample } from '../../core/model/sample.ts'

/** More than any process serves in a second. */
const MOST = 1_000_000
/** us, and tokens: a hundred thousand requests of a hundred seconds each. Five minutes of it still add up exactly. */
const MOST_US = 10_000_000_000_000
const MOST_SQUARES = 26
/** Memory in use may be this many times its bound, where that was just lowered. */
const MOST_TIMES = 1000

/**
 * The field of a sample whose numbers can't be those of one second, though they pass the schema; null where all
 * can. Folds rest on it: a bucket that no histogram has, or counts that outgrow exact sums, would stop the
 * folding of all endpoints.
 */
export function oddField(s: Sample): string | null {
  const { limit, cpu, memory, inFlight, queued, tokens } = s
  const good: [field: string, is: boolean][] = [
    ['counts', all([s.offered, s.attempts, s.admitted, s.late, s.abandoned], MOST)],
    ['limit', limit.effective <= MOST],
    ['us', s.us <= MOST_US && s.boundUs <= MOST_US],
    ['inFlight', isLevel(inFlight)],
    ['queued', isLevel(queued)],
    // Peers of another version may count more than is known here: whatever is named there is summed.
    ['completed', all(Object.values(s.completed), MOST)],
    ['rejected', all(Object.values(s.rejected), MOST)],
    ['tokens', tokens === null || all(Object.values(tokens), MOST_US)],
    ['cpu', cpu === null || all([cpu.us, (cpu.quota * s.us) / 1000], MOST_US)],
    ['memory', memory === null || !memory.limit || memory.bytes <= MOST_TIMES * memory.limit],
    ['service', isDistribution(s.service)],
    ['wait', isDistribution(s.wait)],
    ['occupancy', isOccupancy(s.occupancy)],
  ]
  return good.find(([, is]) => !is)?.[0] ?? null
}

function all(values: readonly unknown[], most: number): boolean {
  return values.every(value => typeof value === 'number' && value >= 0 && value <= most)
}

function isLevel({ integral, max, end }: Sample['inFlight']): boolean {
  return integral <= MOST_US && max <= MOST && end <= MOST
}

/** Buckets that there are, ascending, with as many in them as were counted. */
function isDistribution({ count, sum, squares, histogram }: Distribution): boolean {
  let last = -1
  let total = 0
  for (let i = 0; i < histogram.length; i += 2) {
    const bucket = histogram[i] ?? 0
    if (bucket <= last || bucket >= BUCKETS) return false
    last = bucket
    total += histogram[i + 1] ?? 0
  }
  return total === count && count <= MOST && sum <= MOST_US && squares.length <= MOST_SQUARES
}

/** Numbers in flight by a histogram's buckets, ascending. */
function isOccupancy(rows: Sample['occupancy']): boolean {
  let last = -1
  for (const [n = -1, us = 0, done = 0, tokens = 0] of rows) {
    const row = n > last && n <= MOST && lowest(bucketOf(n)) === n
    if (!row || us > MOST_US || done > MOST || tokens > MOST_US) return false
    last = n
  }
  return true
}
