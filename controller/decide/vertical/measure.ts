import { quantile } from '../../../core/model/histogram.ts'
import { clamp, exp, log } from '../../../core/model/math.ts'
import { shareBelow, type Evidence } from './evidence.ts'

/** What one limit gave, and how sure that is. Times in s, shares 0..1, logarithms natural. */
export interface Measure {
  count: number
  /** Successes a second and replica; mean in flight of a replica. */
  x: number
  meanUs: number
  medianUs: number
  p95Us: number
  relaxUs: number
  /** Share of the time that the limit was reached. */
  bound: number
  /** Shares of the successes above the objective, and within 0.4 of it. */
  late: number
  early: number
  lnX: number
  varX: number
  /** Utility: good answers a second, with a small price on time. An error is an answer that is missing. */
  lnU: number
  varU: number
}

/** What is wanted: an objective or none, and the price of service time in ln U. */
export interface Aim {
  objectiveUs: number | null
  /** lnU = ln(good a second) - price x ln W. */
  price: number
}

/** With an objective time is nearly free; without, X/W^a has its top where the elasticity is .3. */
export const PRICE_WITH_OBJECTIVE = 0.05
export const PRICE_WITHOUT = 0.43

/** Null where there is too little to speak of: fewer than two answers or no time. */
export function measure(e: Evidence, aim: Aim): Measure | null {
  if (e.count < 2 || e.us === 0 || e.ok === 0 || e.sum === 0) return null
  const meanUs = e.sum / e.count
  const second = Math.max(meanUs * meanUs, e.squares / e.count)
  const cv2 = second / (meanUs * meanUs) - 1
  const { lnX, varX } = throughput(e, meanUs, cv2)
  const within = aim.objectiveUs === null ? 1 : shareBelow(e.histogram, aim.objectiveUs)
  return {
    count: e.count,
    x: exp(lnX),
    meanUs,
    medianUs: quantile(e.histogram, 500) ?? 0,
    p95Us: quantile(e.histogram, 950) ?? 0,
    relaxUs: Math.min(second / meanUs, 20 * meanUs),
    bound: e.boundUs / e.us,
    late: 1 - within,
    early: aim.objectiveUs === null ? 1 : shareBelow(e.histogram, 0.4 * aim.objectiveUs),
    lnX,
    varX,
    lnU: lnX + log(Math.max(0.001, within)) - aim.price * log(meanUs / 1_000_000),
    varU: varX + (1 - within) / (within * e.count) + (aim.price * aim.price * cv2) / e.count,
  }
}

/**
 * ln of throughput by two estimates, weighted by precision: the count (variance from the seconds' own
 * spread) and Little's law, mean in flight over mean service time. Token streams count tokens.
 */
function throughput(e: Evidence, meanUs: number, cv2: number): { lnX: number; varX: number } {
  const perSecond = e.ok / e.seconds
  const spread = Math.max(0, e.okSquares / e.seconds - perSecond * perSecond)
  const varCount = Math.max(
    (1.5 * spread) / (e.seconds * perSecond * perSecond),
    (0.25 * (1 + cv2)) / e.ok,
  )
  if (e.tokens > e.ok) {
    return { lnX: log(e.tokens / e.us) + log(1_000_000), varX: clamp(varCount / 4, 0.0004, 1) }
  }
  const lnCount = log(e.ok / e.us) + log(1_000_000)
  const inFlight = e.inFlight / e.us
  // What fails is in flight, too.
  const failing = e.server * 20 > e.ok
  if (inFlight <= 0 || failing) return { lnX: lnCount, varX: varCount }
  const varLittle = Math.max(0.25, cv2) / e.count
  const lnLittle = log(inFlight / meanUs) + log(1_000_000)
  const total = 1 / varCount + 1 / varLittle
  return { lnX: (lnCount / varCount + lnLittle / varLittle) / total, varX: 1 / total }
}

/** What the state keeps of a measurement's service times. */
export interface Service {
  meanUs: number
  medianUs: number
  relaxUs: number
}

/** Answers that tell a mean for the first time; and that it is by half another, which long ones among few could make it. */
const ENOUGH = 20
const MANY = 100
const CHANGED = 1.5

/** Service times are not known yet, or have become others: what was learned before may be wrong now. */
export function isAnother(known: Service | null, count: number, meanUs: number): boolean {
  if (known === null) return count >= ENOUGH
  const other = meanUs * CHANGED < known.meanUs || meanUs > known.meanUs * CHANGED
  return other && count >= MANY
}

export function serviceOf(m: Measure): Service {
  return {
    meanUs: Math.round(m.meanUs),
    medianUs: m.medianUs,
    relaxUs: Math.round(m.relaxUs),
  }
}

/** An objective where none was given: four times the p95 at low load, at least 1 ms. */
export function derivedFrom(m: Measure): number {
  return Math.max(1000, 4 * m.p95Us)
}
