/** Numbers as the table and the report say them. */

/** 3 significant digits, thousands with commas: 0, 0.0008, 2.05, 13.6, 1,240. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const size = Math.abs(value)
  if (size >= 100) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
  if (size > 0 && size < 0.0001) return '<0.0001'
  return String(Number(value.toPrecision(3)))
}

/** A share of 1 in percent, without the sign. */
export function percent(share: number): string {
  return number(share * 100)
}

/** us as 0 ms, 0.85 ms, 12 ms, 1.4 s. */
export function duration(us: number): string {
  return us >= 1_000_000 ? `${number(us / 1_000_000)} s` : `${number(us / 1000)} ms`
}

/** s of a run as people say them: 30 s, 5 min, 1 h, 1 h 30 min. */
export function span(seconds: number): string {
  if (seconds < 60 || seconds % 60 !== 0) return `${number(seconds)} s`
  const minutes = seconds / 60
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  return [hours === 0 ? '' : `${hours} h`, rest === 0 ? '' : `${rest} min`]
    .filter(part => part !== '')
    .join(' ')
}

/** Seeds of runs that follow one another: "seed 1", "seeds 1 to 5". */
export function seedsIn(seeds: readonly number[]): string {
  const [first = 0] = seeds
  const last = seeds.at(-1) ?? first
  return first === last ? `seed ${first}` : `seeds ${first} to ${last}`
}
