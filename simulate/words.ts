import { map, that, type Schema } from '../core/model/schema.ts'
import { milliseconds } from '../core/model/units.ts'

/** Words that scenario files are made of: checked here, and turned into numbers where they are used. */
export const strict = { strict: true }

export const duration = that<string>(
  'a duration with its unit (ms, s, m, h)',
  v => milliseconds(v) !== null,
)

/** A duration that something is divided by. */
export const period = that<string>(
  'a duration above 0 with its unit (ms, s, m, h)',
  v => (milliseconds(v) ?? 0) > 0,
)

export const share = that<number>('a share from 0 to 1', v => within(v, 0, 1))

export const rate = that<number>('requests a second, from 0 to 1000000', v =>
  within(v, 0, 1_000_000),
)

export function number(least: number, most: number): Schema<number> {
  return that(`a number from ${least} to ${most}`, v => within(v, least, most))
}

/** Something for each of several times. */
export function byTime<T>(of: Schema<T>, max: number): Schema<Record<string, T>> {
  return map(of, max, duration)
}

/** us of a duration that was checked. */
export function us(words: string): number {
  return (milliseconds(words) ?? 0) * 1000
}

/** s of a duration that was checked. */
export function seconds(words: string): number {
  return (milliseconds(words) ?? 0) / 1000
}

function within(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most
}
