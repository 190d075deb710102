/**
 * Sparse log-linear histogram of non-negative integers. 16 steps to each power of two, so a bucket's
 * middle is within 1/32 (3.2 %) of any value in it. On the wire: [index, count, index, count, ...] in
 * ascending order of index, which merges exactly and in any order.
 */
export type Histogram = readonly number[]

const STEPS = 16
/** Values at or above 2^40 (12 days in us) share the last bucket. */
const MOST = 0xff_ffff_ffff
/** Powers of two from 2^0, exact: `**` is left to the engine. */
const POWER = Array.from({ length: 41 }, () => 1)
for (let i = 1; i < POWER.length; i++) POWER[i] = 2 * (POWER[i - 1] ?? 1)
export const BUCKETS = bucketOf(MOST) + 1

/** The bucket of a value: itself below 16, then 16 steps to each power of two. */
export function bucketOf(value: number): number {
  const v = Math.min(MOST, Math.max(0, Math.floor(value)))
  if (v < STEPS) return v
  // clz32 sees 32 bits only, so large values are looked at 20 bits higher.
  const exponent = v < 0x8000_0000 ? 31 - Math.clz32(v) : 51 - Math.clz32(Math.floor(v / 0x10_0000))
  return (exponent - 3) * STEPS + (Math.floor(v / power(exponent - 4)) - STEPS)
}

/** The least value of a bucket. */
export function lowest(index: number): number {
  if (index < STEPS) return index
  const exponent = Math.floor(index / STEPS) + 3
  return (STEPS + (index % STEPS)) * power(exponent - 4)
}

function power(exponent: number): number {
  return POWER[exponent] ?? Infinity
}

export function middle(index: number): number {
  return index < STEPS ? index : Math.floor((lowest(index) + lowest(index + 1)) / 2)
}

export function merge(a: Histogram, b: Histogram): Histogram {
  if (a.length === 0) return b
  if (b.length === 0) return a
  const out: number[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const left = a[i] ?? Infinity
    const right = b[j] ?? Infinity
    const index = Math.min(left, right)
    let count = 0
    if (left === index) count += a[(i += 2) - 1] ?? 0
    if (right === index) count += b[(j += 2) - 1] ?? 0
    out.push(index, count)
  }
  return out
}

export function countOf(h: Histogram): number {
  let total = 0
  for (let i = 1; i < h.length; i += 2) total += h[i] ?? 0
  return total
}

/** The value below which `permille` of the counts lie (a bucket's middle), or null when empty. */
export function quantile(h: Histogram, permille: number): number | null {
  const total = countOf(h)
  if (total === 0) return null
  const rank = Math.max(1, Math.ceil((total * permille) / 1000))
  let seen = 0
  for (let i = 0; i < h.length; i += 2) {
    seen += h[i + 1] ?? 0
    if (seen >= rank) return middle(h[i] ?? 0)
  }
  return null
}

/** How many counts lie in buckets wholly above `value`. */
export function countAbove(h: Histogram, value: number): number {
  let total = 0
  for (let i = 0; i < h.length; i += 2) if (lowest(h[i] ?? 0) > value) total += h[i + 1] ?? 0
  return total
}

/** For the hot path: one dense array, no allocation a value. */
export class Recorder {
  private readonly counts = new Uint32Array(BUCKETS)
  private low = BUCKETS
  private high = -1

  add(value: number): void {
    const index = bucketOf(value)
    this.counts[index] = (this.counts[index] ?? 0) + 1
    if (index < this.low) this.low = index
    if (index > this.high) this.high = index
  }

  /** The sparse form; the recorder is empty afterwards. */
  take(): Histogram {
    const out: number[] = []
    for (let i = this.low; i <= this.high; i++) {
      const count = this.counts[i] ?? 0
      if (count > 0) out.push(i, count)
    }
    this.counts.fill(0)
    this.low = BUCKETS
    this.high = -1
    return out
  }
}
