/**
 * Counts of latencies in ns, each bucket less than 1 % wide: 128 buckets for every power of two, as
 * HdrHistogram has them.
 */
const SUB = 128

export class Histogram {
  private readonly counts: number[] = []
  total = 0

  record(ns: number): void {
    const at = bucketOf(Math.max(0, Math.floor(ns)))
    this.counts[at] = (this.counts[at] ?? 0) + 1
    this.total++
  }

  /** The smallest bucket bound that a share of all values does not exceed, ns; NaN when empty. */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.total))
    let seen = 0
    // Holes of the sparse array are skipped, in order.
    for (const at of Object.keys(this.counts)) {
      seen += this.counts[Number(at)] ?? 0
      if (seen >= rank) return upperOf(Number(at))
    }
    return NaN
  }
}

function bucketOf(value: number): number {
  if (value < 2 * SUB) return value
  const shift = Math.floor(Math.log2(value)) - Math.log2(SUB)
  return shift * SUB + Math.floor(value / 2 ** shift)
}

/** The largest value of a bucket. */
function upperOf(bucket: number): number {
  if (bucket < 2 * SUB) return bucket
  const shift = Math.floor(bucket / SUB) - 1
  const sub = bucket - shift * SUB
  return (sub + 1) * 2 ** shift - 1
}
