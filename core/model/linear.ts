/** Small matrices, by rows: enough for least squares of a few unknowns. */
export type Matrix = readonly (readonly number[])[]

/**
 * What gives the values from the rows with the least weighted squares of misses, and its covariance, where a
 * weight is one over the variance of a value. null where the rows don't tell.
 */
export function leastSquares(
  rows: Matrix,
  values: readonly number[],
  weights: readonly number[],
): { found: number[]; covariance: number[][] } | null {
  const weighed = rows.map((row, k) => row.map(value => value * (weights[k] ?? 0)))
  const columns = transposed(weighed)
  const covariance = inverse(times(columns, rows))
  if (covariance === null) return null
  const right = columns.map(column => dot(column, values))
  return { found: covariance.map(row => dot(row, right)), covariance }
}

/** By Gauss and Jordan, the largest pivot first; null where it has no inverse. */
function inverse(matrix: Matrix): number[][] | null {
  const size = matrix.length
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))])
  const largest = rows.flat().reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  for (let at = 0; at < size; at++) {
    let best = at
    for (let i = at + 1; i < size; i++) {
      if (Math.abs(cell(rows, i, at)) > Math.abs(cell(rows, best, at))) best = i
    }
    const pivot = cell(rows, best, at)
    // Also where it is no number.
    if (!(Math.abs(pivot) > 1e-13 * largest)) return null
    const first = (rows[best] ?? []).map(value => value / pivot)
    rows[best] = rows[at] ?? []
    rows[at] = first
    for (let i = 0; i < size; i++) {
      const by = cell(rows, i, at)
      if (i !== at) rows[i] = (rows[i] ?? []).map((value, j) => value - by * (first[j] ?? 0))
    }
  }
  return rows.map(row => row.slice(size))
}

export function times(a: Matrix, b: Matrix): number[][] {
  return a.map(row =>
    (b[0] ?? []).map((_, j) => row.reduce((sum, value, k) => sum + value * cell(b, k, j), 0)),
  )
}

export function transposed(a: Matrix): number[][] {
  return (a[0] ?? []).map((_, j) => a.map(row => row[j] ?? 0))
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
}

function cell(matrix: Matrix, i: number, j: number): number {
  return matrix[i]?.[j] ?? 0
}
