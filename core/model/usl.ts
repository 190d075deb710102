import { dot, leastSquares, times, transposed, type Matrix } from './linear.ts'

/**
 * The Universal Scalability Law: throughput of n requests at once,
 * X(n) = lambda n / (1 + sigma (n-1) + kappa n (n-1)).
 * Source: N. J. Gunther, "Guerrilla Capacity Planning", Springer 2007, chapter 6. lambda is what one alone
 * gives in a second, sigma the share that goes one after another (contention), kappa what each pair costs
 * (coherency).
 */
export interface Usl {
  lambda: number
  sigma: number
  kappa: number
}

/** Throughput x a second with n at once; `variance`: of ln x. */
export interface LoadPoint {
  n: number
  x: number
  variance: number
}

export interface UslFit extends Usl {
  /** Standard errors; 0 where it stands at a bound: sigma at 0 or 1, kappa at 0. */
  errors: Usl
  /** Where throughput is highest, sqrt((1 - sigma) / kappa), at least 1; null where it has no top. */
  peak: number | null
  /** Median of how far points are from the law, as a share of it. */
  misfit: number
}

/** Too few points; too alike in n; or all is compatible with them. */
export type NoFit = 'few' | 'spread' | 'unsure'

/** Three parameters and one to spare. */
const FEWEST = 4
/** The largest n over the smallest, from which there is something to see. */
const LEAST_SPREAD = 3
/** No law holds to a percent: no point counts for more than one that is 3 % off. */
const FLOOR = 0.03 * 0.03
/**
 * In standard deviations: what is further off counts less (P. J. Huber, Ann. Math. Statist. 35, 1964), and once
 * the law is roughly known, what is beyond all belief not at all (Tukey's bisquare).
 */
const FAR = 1.5
const BEYOND = 4.685
const ROUNDS = 24
/** Relative standard error of lambda from which nothing is known. */
const UNSURE = 0.5

export function uslThroughput({ lambda, sigma, kappa }: Usl, n: number): number {
  return (lambda * n) / (1 + sigma * (n - 1) + kappa * n * (n - 1))
}

/**
 * Fits the law to points with n of at least 1. n/X is linear in 1/lambda, sigma/lambda and kappa/lambda, so
 * these are weighted least squares, repeated with less weight for outliers; 0 <= sigma <= 1, 0 <= kappa.
 */
export function fitUsl(given: readonly LoadPoint[]): UslFit | NoFit {
  const points = given.filter(({ n, x }) => n >= 1 && x > 0)
  const levels = new Set(points.map(({ n }) => Math.round(n)))
  if (levels.size === 0 || points.length < FEWEST) return 'few'
  const most = points.reduce((max, { n }) => Math.max(max, n), 0)
  const least = points.reduce((min, { n }) => Math.min(min, n), most)
  if (levels.size < FEWEST || most < LEAST_SPREAD * least) return 'spread'
  let line: Line | null = null
  let weights = points.map(({ n, x, variance }) => weightOf(n / x, variance))
  for (let round = 0; round < ROUNDS; round++) {
    line = solve(points, weights, most)
    if (line === null) return 'unsure'
    weights = reweighed(points, line, round < ROUNDS / 2 ? huber : bisquare)
  }
  const fit = line === null ? null : lawOf(line, points)
  return fit === null || fit.errors.lambda > UNSURE * fit.lambda ? 'unsure' : fit
}

/** n/X = a + b (n-1) + c n (n-1), with the covariance of a, b and c. */
interface Line {
  a: number
  b: number
  c: number
  covariance: Matrix
}

function at({ a, b, c }: Line, n: number): number {
  return a + b * (n - 1) + c * n * (n - 1)
}

function weightOf(y: number, variance: number): number {
  return 1 / (y * y * (variance + FLOOR))
}

function misses(points: readonly LoadPoint[], line: Line): number[] {
  return points.map(({ n, x }) => n / x / at(line, n) - 1)
}

function reweighed(
  points: readonly LoadPoint[],
  line: Line,
  belief: (size: number) => number,
): number[] {
  const sizes = misses(points, line).map(
    (miss, i) => Math.abs(miss) / Math.sqrt((points[i]?.variance ?? 0) + FLOOR),
  )
  // The middle size of normal noise is 0.67 deviations.
  const unit = Math.max(1, median(sizes) / 0.6745)
  return points.map(
    ({ n, variance }, i) => weightOf(at(line, n), variance) * belief((sizes[i] ?? 0) / unit),
  )
}

function huber(size: number): number {
  return size > FAR ? FAR / size : 1
}

function bisquare(size: number): number {
  const left = Math.max(0, 1 - (size * size) / (BEYOND * BEYOND))
  return left * left
}

/**
 * The least squares within the bounds. They are convex, so the solution is the best of those on the faces
 * (free, b = 0, c = 0, b = a) that keep all bounds. Rows: what a unit of each unknown adds to a, b and c.
 */
const FACES: readonly Matrix[] = [
  [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  [
    [1, 0, 0],
    [0, 1, 0],
  ],
  [
    [1, 0, 0],
    [0, 0, 1],
  ],
  [
    [1, 1, 0],
    [0, 0, 1],
  ],
  [[1, 0, 0]],
  [[1, 1, 0]],
]

function solve(
  points: readonly LoadPoint[],
  weights: readonly number[],
  most: number,
): Line | null {
  let best: { line: Line; loss: number } | null = null
  for (const face of FACES) {
    const line = onFace(face, points, weights, most)
    if (line === null || line.a <= 0 || line.b < 0 || line.b > line.a || line.c < 0) continue
    const loss = lossOf(points, weights, line)
    if (best === null || loss < best.loss) best = { line, loss }
  }
  return best?.line ?? null
}

function lossOf(points: readonly LoadPoint[], weights: readonly number[], line: Line): number {
  return points.reduce((sum, { n, x }, i) => {
    const miss = n / x - at(line, n)
    return sum + (weights[i] ?? 0) * miss * miss
  }, 0)
}

/** Plain weighted least squares of the unknowns of a face. Columns are scaled by the largest n. */
function onFace(
  face: Matrix,
  points: readonly LoadPoint[],
  weights: readonly number[],
  most: number,
): Line | null {
  const units = [1, 1 / most, 1 / (most * most)]
  // The unit of an unknown is that of the last term that it adds to.
  const scaled = face.map(row => row.map(each => each * (units[row.lastIndexOf(1)] ?? 1)))
  const rows = points.map(({ n }) => scaled.map(row => dot(row, [1, n - 1, n * (n - 1)])))
  const values = points.map(({ n, x }) => n / x)
  const solved = leastSquares(rows, values, weights)
  if (solved === null) return null
  const back = transposed(scaled)
  const [a = 0, b = 0, c = 0] = back.map(row => dot(row, solved.found))
  return { a, b, c, covariance: times(back, times(solved.covariance, scaled)) }
}

function lawOf(line: Line, points: readonly LoadPoint[]): UslFit {
  const { a, b, c, covariance } = line
  const [sigma, kappa] = [b / a, c / a]
  const off = misses(points, line).map(Math.abs)
  const sizes = off.map((miss, i) => miss / Math.sqrt((points[i]?.variance ?? 0) + FLOOR))
  // Where points are further off than their noise, the errors are as much larger.
  const scale = Math.max(1, median(sizes) / 0.6745)
  const among = (i: number, j: number): number => covariance[i]?.[j] ?? 0
  const ofRatio = (ratio: number, k: number): number =>
    Math.sqrt(Math.max(0, among(k, k) - 2 * ratio * among(0, k) + ratio * ratio * among(0, 0))) / a
  return {
    lambda: 1 / a,
    sigma,
    kappa,
    errors: {
      lambda: (scale * Math.sqrt(among(0, 0))) / (a * a),
      sigma: b === 0 ? 0 : scale * ofRatio(sigma, 1),
      kappa: c === 0 ? 0 : scale * ofRatio(kappa, 2),
    },
    peak: c > 0 ? Math.max(1, Math.sqrt((1 - sigma) / kappa)) : null,
    misfit: median(off),
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((x, y) => x - y)
  const half = sorted.length / 2
  return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2
}
