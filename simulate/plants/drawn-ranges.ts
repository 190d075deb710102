import { exp, log } from '../../core/model/math.ts'
import type { Random } from '../random.ts'

/** From `least` to `most`, every factor as likely as any other. */
export function even(least: number, most: number, random: Random): number {
  return least * exp(random.uniform() * log(most / least))
}

/** To three digits, as a person would write it. */
export function tidy(value: number): number {
  if (value === 0) return 0
  let scale = 1
  while (value * scale < 100) scale *= 10
  return Math.round(value * scale) / scale
}

/** us as a specification writes them. */
export function words(us: number): string {
  return `${Math.max(1, Math.round(us))}us`
}
