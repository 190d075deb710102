import { startUpMs, windowOf, type Sight } from '../replicas-state.ts'
import { demandOf, needOf, serviceUs, weighedOffered } from './demand.ts'
import type { Want } from './want.ts'

const SPANS = [60, 120]
const BIN_SECONDS = 5
const FEWEST_BINS = 8
/** A slope counts when it is this many times its standard error. */
const NOISE_GATE = 3
/** A projection beyond this multiple of the arrivals of now is not believed. */
const MOST_GROWTH = 2

export interface Line {
  /** Per second and second, with its standard error. */
  slope: number
  error: number
  /** Per second, at the end of the series. */
  end: number
  /** Residual sum of squares of the line, and of the best two-level step. */
  line: number
  step: number
}

/** Demand one start-up time ahead, where its growth stands out from the noise and is not a single jump. */
export function byTrend(sight: Sight): Want | null {
  const { inputs, state } = sight
  const w = windowOf(inputs, '20')
  const service = serviceUs(sight, ['20', '300'])
  if (w === null || service === null || w.offered === 0) return null
  const aheadMs = startUpMs(state)
  const fit = growth(inputs.offeredPerSecond)
  if (fit === null) return null
  const rate = Math.min(fit.end + (fit.slope * aheadMs) / 1000, fit.end * MOST_GROWTH)
  // Retries grow too: the projection is scaled as the arrivals of now are.
  const projected = (rate * weighedOffered(w, sight)) / w.offered
  const now = demandOf(w, service, sight)
  const ahead = Math.round((projected * service) / 1000)
  const demandMilli = Math.max(ahead, now.demandMilli)
  // What grows in an overload may be retries alone.
  const lastingMilli =
    state.overload === null ? Math.max(ahead, now.lastingMilli) : now.lastingMilli
  return {
    rule: 'trend',
    needMilli: needOf(demandMilli, sight),
    lastingMilli: needOf(lastingMilli, sight),
    numbers: {
      demandMilli,
      startUpMs: aheadMs,
      slopeMilli: Math.round(fit.slope * 1000),
      errorMilli: Math.round(fit.error * 1000),
    },
  }
}

/** The line of the last minute, else of the last two, that grows beyond its noise and is no jump. */
function growth(series: readonly number[]): Line | null {
  const fits = SPANS.map(seconds => fitted(bins(series.slice(-seconds))))
  const grows = (fit: Line): boolean => fit.slope > NOISE_GATE * fit.error && fit.line < fit.step
  return fits.find(fit => fit !== null && grows(fit)) ?? null
}

/** Arrivals a second, averaged over bins of 5 s that end at the newest second. */
function bins(series: readonly number[]): number[] {
  const out: number[] = []
  for (let end = series.length; end >= BIN_SECONDS; end -= BIN_SECONDS) {
    const bin = series.slice(end - BIN_SECONDS, end)
    out.unshift(bin.reduce((sum, n) => sum + n, 0) / BIN_SECONDS)
  }
  return out
}

/** A least-squares line through the bins, and how well a single jump would fit instead. Null below 8 bins. */
export function fitted(y: readonly number[]): Line | null {
  const n = y.length
  if (n < FEWEST_BINS) return null
  const middle = (n - 1) / 2
  const mean = y.reduce((sum, v) => sum + v, 0) / n
  let sxx = 0
  let sxy = 0
  y.forEach((v, i) => {
    sxx += (i - middle) * (i - middle)
    sxy += (i - middle) * (v - mean)
  })
  const slope = sxy / sxx
  const line = y.reduce((sum, v, i) => {
    const residual = v - mean - slope * (i - middle)
    return sum + residual * residual
  }, 0)
  // Counts have at least the noise of counting (Poisson), however smooth the bins look.
  const variance = Math.max(line / (n - 2), mean / BIN_SECONDS)
  return {
    slope: slope / BIN_SECONDS,
    error: Math.sqrt(variance / sxx) / BIN_SECONDS,
    end: Math.max(0, mean + slope * middle),
    line,
    step: bestStep(y),
  }
}

/** Residual sum of squares of the best pair of levels, one before and one after a jump. */
function bestStep(y: readonly number[]): number {
  const total = y.reduce((sum, v) => sum + v, 0)
  const squares = y.reduce((sum, v) => sum + v * v, 0)
  let best = Infinity
  let left = 0
  for (let i = 1; i < y.length; i++) {
    left += y[i - 1] ?? 0
    const right = total - left
    best = Math.min(best, squares - (left * left) / i - (right * right) / (y.length - i))
  }
  return best
}
