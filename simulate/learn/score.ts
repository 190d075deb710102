import type { Played } from '../result.ts'
import type { Oracle } from './trial.ts'

/** How a limiter did on a plant, against the best fixed limit. */
export interface Score {
  plant: string
  /** Good answers over the oracle's, the cold start included. */
  ratio: number
  /** s until ten seconds in a row gave 90 % of what the oracle gave in the same ten; null for never. */
  withinS: number | null
  /** Coefficient of variation of the learned limit over the second half of the run. */
  cv: number
  /** 429s over the oracle's; one in a hundred requests is counted to both, so that few against none is not infinite. */
  rejections: number
  /** Whether the p95 of service time is within the objective, or the oracle's is not. */
  intime: boolean
}

const RUN = 10

export function scoreOf(plant: string, played: Played, oracle: Oracle, objectiveUs: number): Score {
  const { seconds, totals } = played
  const few = totals.offered / 100
  return {
    plant,
    ratio: totals.good / oracle.good,
    withinS: reached(seconds.good, oracle.each),
    cv: variation(seconds.limit.slice(seconds.limit.length / 2)),
    rejections: (totals.rejections + few) / (oracle.rejections + few),
    intime: totals.service.p95 <= objectiveUs || oracle.p95 > objectiveUs,
  }
}

/** First second from which ten in a row gave nine tenths of the oracle's. */
function reached(good: readonly number[], best: readonly number[]): number | null {
  let lead = 0
  const at = (second: number): number => (good[second] ?? 0) - 0.9 * (best[second] ?? 0)
  for (let second = 0; second < good.length; second++) {
    lead += at(second) - (second >= RUN ? at(second - RUN) : 0)
    if (second >= RUN - 1 && lead >= 0) return second - RUN + 1
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
  /** Half of the 95 % confidence interval of the mean; runs of one plant are alike, so plants are what is counted. */
  error: number
  /** Share of the runs that reached 90 % within 120 s. */
  within120: number
  medianCv: number
  /** Mean and 95th percentile of 429s over the oracle's. */
  rejections: number
  rejectionsP95: number
  intime: number
}

export function summaryOf(scores: readonly Score[]): Summary {
  const ratios = scores.map(({ ratio }) => ratio).toSorted((a, b) => a - b)
  const rejections = scores.map(each => each.rejections).toSorted((a, b) => a - b)
  const n = ratios.length
  const mean = meanOf(ratios)
  const share = (good: (score: Score) => boolean): number => scores.filter(good).length / n
  return {
    n,
    worst: ratios[0] ?? 0,
    p01: rank(ratios, 0.01),
    p05: rank(ratios, 0.05),
    mean,
    error: errorOf(scores),
    within120: share(({ withinS }) => withinS !== null && withinS <= 120),
    medianCv: median(scores.map(({ cv }) => cv)),
    rejections: scores.reduce((sum, { rejections }) => sum + rejections, 0) / n,
    rejectionsP95: rank(rejections, 0.95),
    intime: share(({ intime }) => intime),
  }
}

function errorOf(scores: readonly Score[]): number {
  const byPlant = new Map<string, number[]>()
  for (const { plant, ratio } of scores) byPlant.set(plant, [...(byPlant.get(plant) ?? []), ratio])
  const means = [...byPlant.values()].map(meanOf)
  const mean = meanOf(means)
  const squares = means.reduce((sum, each) => sum + (each - mean) * (each - mean), 0)
  const n = means.length
  return n < 2 ? 0 : 1.96 * Math.sqrt(squares / (n - 1) / n)
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
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
