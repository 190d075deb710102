import { countOf, lowest } from '../../../core/model/histogram.ts'
import { newer } from '../../../core/model/order.ts'
import type { ArmFold } from '../../../core/model/windows.ts'

/** What was counted under one limit: sums over replica-seconds. Times in us. */
export interface Evidence {
  epoch: number
  seconds: number
  us: number
  ok: number
  server: number
  inFlight: number
  boundUs: number
  tokens: number
  okSquares: number
  guardSeconds: number
  guardLimits: number
  count: number
  sum: number
  squares: number
  /** [bucket, count, ...] as core/model/histogram.ts has it. */
  histogram: number[]
}

function evidenceOf(fold: ArmFold): Evidence {
  return {
    epoch: fold.order.epoch,
    seconds: fold.seconds,
    us: fold.us,
    ok: fold.ok,
    server: fold.server,
    inFlight: fold.inFlightIntegral,
    boundUs: fold.boundUs,
    tokens: fold.tokensOut,
    okSquares: fold.okSquares,
    guardSeconds: fold.guardSeconds,
    guardLimits: fold.guardLimits,
    count: fold.service.count,
    sum: fold.service.sum,
    squares: Number(fold.service.squares),
    histogram: fold.service.histogram,
  }
}

/** a + sign * b, field by field; a difference never falls below nothing. */
function combine(a: Evidence, b: Evidence, sign: 1 | -1): Evidence {
  const counts = new Map<number, number>()
  const put = (h: number[], by: number): void => {
    for (let i = 0; i + 1 < h.length; i += 2) {
      const bucket = h[i] ?? 0
      counts.set(bucket, (counts.get(bucket) ?? 0) + by * (h[i + 1] ?? 0))
    }
  }
  put(a.histogram, 1)
  put(b.histogram, sign)
  const histogram = [...counts]
    .filter(([, count]) => count > 0)
    .toSorted((x, y) => x[0] - y[0])
    .flat()
  const to = (x: number, y: number): number => Math.max(0, x + sign * y)
  return {
    epoch: a.epoch,
    seconds: to(a.seconds, b.seconds),
    us: to(a.us, b.us),
    ok: to(a.ok, b.ok),
    server: to(a.server, b.server),
    inFlight: to(a.inFlight, b.inFlight),
    boundUs: to(a.boundUs, b.boundUs),
    tokens: to(a.tokens, b.tokens),
    okSquares: to(a.okSquares, b.okSquares),
    guardSeconds: to(a.guardSeconds, b.guardSeconds),
    guardLimits: to(a.guardLimits, b.guardLimits),
    count: to(a.count, b.count),
    sum: to(a.sum, b.sum),
    squares: to(a.squares, b.squares),
    histogram,
  }
}

export const plus = (a: Evidence, b: Evidence): Evidence => combine(a, b, 1)
export const minus = (a: Evidence, b: Evidence): Evidence => combine(a, b, -1)

/** The folds of order `n` under the newest epoch that republished it. */
function foldsOf(folds: readonly ArmFold[], n: number): ArmFold[] {
  const own = folds.filter(fold => fold.order.n === n)
  const newest = own.reduce<ArmFold['order'] | null>(
    (best, fold) => (newer(fold.order, best) ? fold.order : best),
    null,
  )
  return own.filter(fold => fold.order.epoch === newest?.epoch)
}

/** All that came under an order without slots, or null. */
export function wholeOf(folds: readonly ArmFold[], n: number): Evidence | null {
  return sumOf(foldsOf(folds, n).filter(fold => fold.arm === 'none'))
}

/** Both arms over the finished slots: a slot is finished when a later one of its order has begun. */
export function armsOf(
  folds: readonly ArmFold[],
  n: number,
): { a: Evidence | null; b: Evidence | null } {
  const own = foldsOf(folds, n)
  const last = own.reduce((most, fold) => Math.max(most, fold.slot), 0)
  const finished = own.filter(fold => fold.slot < last)
  return {
    a: sumOf(finished.filter(fold => fold.arm === 'a')),
    b: sumOf(finished.filter(fold => fold.arm === 'b')),
  }
}

function sumOf(folds: readonly ArmFold[]): Evidence | null {
  return folds.map(evidenceOf).reduce<Evidence | null>((sum, e) => (sum ? plus(sum, e) : e), null)
}

/** Share of the counts at or below `value`, linear within a bucket; half a count is kept on each side. */
export function shareBelow(histogram: readonly number[], value: number): number {
  const total = countOf(histogram)
  let below = 0
  for (let i = 0; i + 1 < histogram.length; i += 2) {
    const from = lowest(histogram[i] ?? 0)
    const to = lowest((histogram[i] ?? 0) + 1)
    const part = Math.min(1, Math.max(0, (value - from) / (to - from)))
    below += part * (histogram[i + 1] ?? 0)
  }
  return (below + 0.5) / (total + 1)
}

/** Most answers are server errors, and more than one or two: all that a model held when it died, not a broken client. */
export function isFailing(e: Evidence): boolean {
  return e.server > e.ok && e.server >= 5
}
