const FORM = /^([+-]?)(\d{0,18})(?:\.(\d{0,18}))?(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,2}))?$/

/** A quantity as Kubernetes writes it (500m, 1.5, 128Mi, 1e3), in billionths; null when it is none. */
export function nanos(quantity: unknown): bigint | null {
  if (typeof quantity !== 'string' && typeof quantity !== 'number') return null
  const match = FORM.exec(String(quantity))
  if (match === null) return null
  const [, sign, whole = '', fraction = '', suffix, exponent] = match
  if (whole === '' && fraction === '') return null
  const { base, power } = scales[suffix ?? ''] ?? { base: 10n, power: 0 }
  const tens = 9 - fraction.length + (base === 10n ? power : 0) + Number(exponent ?? 0)
  const digits = BigInt(`${whole}${fraction}`) * (base === 2n ? 2n ** BigInt(power) : 1n)
  const size = tens >= 0 ? digits * 10n ** BigInt(tens) : ceil(digits, 10n ** BigInt(-tens))
  return sign === '-' ? -size : size
}

/** Whole parts of it, 1000 of a core or 1 of a byte, rounded up; null too when it is too large to count. */
export function parts(quantity: unknown, each: 1000 | 1): number | null {
  const found = nanos(quantity)
  const size = found === null ? null : Number(ceil(found, 1_000_000_000n / BigInt(each)))
  return Number.isSafeInteger(size) ? size : null
}

function ceil(size: bigint, by: bigint): bigint {
  return (size + by - 1n) / by
}

const scales: Record<string, { base: bigint; power: number }> = {
  n: { base: 10n, power: -9 },
  u: { base: 10n, power: -6 },
  m: { base: 10n, power: -3 },
  k: { base: 10n, power: 3 },
  M: { base: 10n, power: 6 },
  G: { base: 10n, power: 9 },
  T: { base: 10n, power: 12 },
  P: { base: 10n, power: 15 },
  E: { base: 10n, power: 18 },
  Ki: { base: 2n, power: 10 },
  Mi: { base: 2n, power: 20 },
  Gi: { base: 2n, power: 30 },
  Ti: { base: 2n, power: 40 },
  Pi: { base: 2n, power: 50 },
  Ei: { base: 2n, power: 60 },
}
