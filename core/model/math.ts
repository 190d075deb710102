/**
 * exp and log from + - * / alone, so that a decision gives the same bytes on every machine and version
 * of Node: ECMAScript leaves the last bits of Math.exp and Math.log to the engine; IEEE 754 fixes these.
 */
const LN2 = 0.6931471805599453
/** ln 2 in two parts: a multiple of the first is exact (its last 21 bits are 0), so no digits of x are lost. */
const LN2_HIGH = 0.69314718036912381649
const LN2_LOW = 1.90821492927058770002e-10

/** e^x. Relative error below 1e-14 within +-700; 0 or Infinity beyond. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return NaN
  if (x > 709) return Infinity
  if (x < -745) return 0
  const k = Math.round(x / LN2)
  const r = x - k * LN2_HIGH - k * LN2_LOW
  let term = 1
  let sum = 1
  for (let i = 1; i <= 18; i++) {
    term = (term * r) / i
    sum += term
  }
  return scale(sum, k)
}

/** Natural logarithm. Error below 1e-14; -Infinity at 0, NaN below. */
export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return NaN
  if (x === 0) return -Infinity
  if (x === Infinity) return Infinity
  let m = x
  let k = 0
  while (m > 1.4142135623730951) {
    m /= 2
    k++
  }
  while (m < 0.7071067811865476) {
    m *= 2
    k--
  }
  // log m = 2 artanh((m-1)/(m+1)); the ratio is at most 0.172, so 12 odd terms reach 1e-19.
  const y = (m - 1) / (m + 1)
  const square = y * y
  let power = y
  let sum = y
  for (let i = 3; i <= 25; i += 2) {
    power *= square
    sum += power / i
  }
  return 2 * sum + k * LN2
}

/** x * 2^k by halving and doubling, each exact but at the edge of the range. */
function scale(x: number, k: number): number {
  let out = x
  for (let i = 0; i < k; i++) out *= 2
  for (let i = 0; i > k; i--) out /= 2
  return out
}

export function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value))
}
