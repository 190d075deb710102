import type { Played } from '../result.ts'
import type { Oracle } from './trial.ts'

/** How a limiter did on a plant, against the best fixed limit. */
export interface Score {
  /** Good answers over the oracle's, the cold start included. */
  ratio: number
  /** s until ten seconds in a row gave 90 % of the oracle's rate; null for never. */
  withinS: number | null
  /** Coefficient of variation of the learned limit over the second half of the run. */
  cv: number
  /** 429s over the oracle's; one in a hundred requests is counted to both, so that few against none is not infinite. */
  rejections: number
  /** Whether the p95 of service time is within the objective, or the oracle's is not. */
  intime: boolean
}

const RUN = 10

export function scoreOf(played: Played, oracle: Oracle, objectiveUs: number): Score {
  const { seconds, totals } = played
  const rate = oracle.good / seconds.good.length
  const few = totals.offered / 100
  return {
    ratio: totals.good / oracle.good,
    withinS: reached(seconds.good, 0.9 * rate),
    cv: variation(seconds.limit.slice(seconds.limit.length / 2)),
    rejections: (totals.rejections + few) / (oracle.rejections + few),
    intime: totals.service.p95 <= objectiveUs || oracle.p95 > objectiveUs,
  }
}

/** First second from which the mean of the next ten is at least this. */
function reached(good: readonly number[], rate: number): number | null {
  let sum = 0
  for (const [at, count] of good.entries()) {
    sum += count - (good[at - RUN] ?? 0)
    if (at >= RUN - 1 && sum >= rate * RUN) return at - RUN + 1
  }
  return null
}

function variation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0)
  return mean === 0 ? 0 : Math.sqrt(squares / values.length) / mean
}

/** What many scores come to. */
export interface Summary {
  n: number
  worst: number
  p01: number
  p05: number
  mean: number
  /** Half of the 95 % confidence interval of the mean. */
  error: number
  /** Share of the runs that reached 90 % within 120 s. */
  within120: number
  medianCv: number
  medianRejections: number
  intime: number
}

export function summaryOf(scores: readonly Score[]): Summary {
  const ratios = scores.map(({ ratio }) => ratio).toSorted((a, b) => a - b)
  const n = ratios.length
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / n
  const squares = ratios.reduce((sum, ratio) => sum + (ratio - mean) * (ratio - mean), 0)
  const share = (good: (score: Score) => boolean): number => scores.filter(good).length / n
  return {
    n,
    worst: ratios[0] ?? 0,
    p01: rank(ratios, 0.01),
    p05: rank(ratios, 0.05),
    mean,
    error: n < 2 ? 0 : 1.96 * Math.sqrt(squares / (n - 1) / n),
    within120: share(({ withinS }) => withinS !== null && withinS <= 120),
    medianCv: median(scores.map(({ cv }) => cv)),
    medianRejections: median(scores.map(({ rejections }) => rejections)),
    intime: share(({ intime }) => intime),
  }
}

/** Nearest rank; the values are sorted. */
function rank(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}

function median(values: readonly number[]): number {
  return rank(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}
