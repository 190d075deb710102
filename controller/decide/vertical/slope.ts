import { clamp, exp, log } from '../../../core/model/math.ts'

/** One measured point of the curve, as a later one is compared with it. */
export interface Point {
  limit: number
  lnX: number
  varX: number
  lnU: number
  varU: number
}

/** One comparison of two limits: slopes of ln U and ln X in ln L, at the middle of the two. */
export interface Observation {
  /** s: when it was made. */
  at: number
  lnL: number
  slopeU: number
  varU: number
  slopeX: number
  varX: number
}

/** `bound`: share of the time that the limit was reached; else demand bounds throughput, which is in U, too. */
export function observe(a: Point, b: Point, now: number, bound: number): Observation {
  const distance = log(b.limit) - log(a.limit)
  const square = distance * distance
  const slack = (1 - bound) * (1 - bound)
  return {
    at: Math.round(now / 1000),
    lnL: round((log(a.limit) + log(b.limit)) / 2),
    slopeU: round((b.lnU - a.lnU) / distance),
    varU: round((a.varU + b.varU) / square + slack),
    slopeX: round((b.lnX - a.lnX) / distance),
    varX: round((a.varX + b.varX) / square + slack),
  }
}

export function round(value: number): number {
  return Math.round(value * 1e6) / 1e6
}

/** Old and far observations fade: e^(-age / 600 s), and a bell of width .35 in ln L. */
function fade(o: Observation, lnL: number, now: number): number {
  const age = Math.max(0, now / 1000 - o.at)
  const distance = (o.lnL - lnL) / 0.35
  return exp(-age / 600 - (distance * distance) / 2)
}

/** Elasticity of throughput at this limit: what was observed near it, with a prior. */
export function elasticityAt(
  observations: readonly Observation[],
  lnL: number,
  now: number,
  prior: { mean: number; variance: number },
): { mean: number; variance: number } {
  let weight = 1 / prior.variance
  let sum = prior.mean / prior.variance
  for (const o of observations) {
    const w = fade(o, lnL, now) / (o.varX + 0.01)
    weight += w
    sum += w * o.slopeX
  }
  return { mean: clamp(sum / weight, -0.5, 1), variance: 1 / weight }
}

/**
 * Slope and curvature of ln U at this limit: a line through the observed slopes by weighted least
 * squares, with a prior slope (the model's) and a prior curvature of 1 +- 1, kept in .3 to 8.
 */
export function slopeAt(
  observations: readonly Observation[],
  lnL: number,
  now: number,
  prior: { mean: number; variance: number },
): { slope: number; error: number; curvature: number } {
  let w0 = 1 / prior.variance
  let ws = prior.mean / prior.variance
  let wd = 0
  let wdd = 1
  let wds = -1
  for (const o of observations) {
    const w = fade(o, lnL, now) / (o.varU + 0.0025)
    const d = o.lnL - lnL
    w0 += w
    ws += w * o.slopeU
    wd += w * d
    wdd += w * d * d
    wds += w * d * o.slopeU
  }
  // slope(x) = s - k x d: normal equations of s and k.
  const det = w0 * wdd - wd * wd
  const curvature = clamp((wd * ws - w0 * wds) / det, 0.3, 8)
  return { slope: (ws + curvature * wd) / w0, error: Math.sqrt(wdd / det), curvature }
}
