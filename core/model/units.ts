/** Settings as people write them: durations with their unit, shares from 0 to 1. */
export type Kind = 'int' | 'share' | 'duration' | 'bool' | 'choice' | 'behavior'

export const HOUR = 3_600_000

/** A stored value as people write it. */
export function worded(kind: Kind, value: number): string {
  if (kind === 'share') return String(value / 1000)
  if (kind !== 'duration') return String(value)
  for (const [unit, size] of [
    ['h', HOUR],
    ['m', 60_000],
    ['s', 1000],
  ] as const) {
    if (value >= size && value % size === 0) return `${value / size}${unit}`
  }
  return `${value}ms`
}

/** A number times `scale` (1000 for a share), or null when that is not a whole number. */
export function plain(value: unknown, scale: number): number | null {
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value
  if (typeof number !== 'number') return null
  const scaled = Math.round(number * scale * 1e6) / 1e6
  return Number.isSafeInteger(scaled) ? scaled : null
}

/** "500ms", "20s", "5m", "1h" in ms; null for anything else. A bare number has no unit, so it is none. */
export function milliseconds(value: unknown): number | null {
  const match = typeof value === 'string' ? /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(value) : null
  if (match === null) return null
  const scale = { ms: 1, s: 1000, m: 60_000, h: HOUR }[match[2] as 'ms' | 's' | 'm' | 'h']
  const ms = Number(match[1]) * scale
  return Number.isSafeInteger(ms) ? ms : null
}

/** ", did you mean X?" for a name one slip away: of short names hardly any is. */
export function nearest(name: string, among: readonly string[]): string {
  const plainName = (text: string): string => text.toLowerCase().replaceAll(/[^a-z]/g, '')
  const close =
    among.find(known => plainName(known) === plainName(name)) ??
    among.find(known => distance(known, name) <= Math.min(2, (name.length - 1) / 2))
  return close === undefined ? '' : `, did you mean ${close}?`
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, swap))
    }
    row = next
  }
  return row[b.length] ?? 0
}
