import { exp, log } from '../../../core/model/math.ts'
import { shareBelow } from './evidence.ts'
import type { Aim } from './measure.ts'

/**
 * What a limit of `ratio` times this one would change in ln U: throughput grows by the elasticity, so
 * by Little's law every service time is stretched by ratio^(1 - elasticity).
 */
export function modelGain(
  histogram: readonly number[],
  elasticity: number,
  ratio: number,
  aim: Aim,
): number {
  const x = log(ratio)
  const stretch = exp((1 - elasticity) * x)
  const good =
    aim.objectiveUs === null
      ? 0
      : log(shareBelow(histogram, aim.objectiveUs / stretch)) -
        log(shareBelow(histogram, aim.objectiveUs))
  return elasticity * x + good - aim.price * (1 - elasticity) * x
}

/** Its slope in ln L at this limit, over a step of 12 % to each side. */
export function modelSlope(histogram: readonly number[], elasticity: number, aim: Aim): number {
  const up = modelGain(histogram, elasticity, 1.12, aim)
  const down = modelGain(histogram, elasticity, 1 / 1.12, aim)
  return (up - down) / (2 * log(1.12))
}

const RATIOS = [0.35, 0.5, 0.71, 1, 1.41, 2]

/** The ratio that the model likes best. */
export function bestRatio(histogram: readonly number[], elasticity: number, aim: Aim): number {
  const gain = (ratio: number): number => modelGain(histogram, elasticity, ratio, aim)
  return RATIOS.reduce((best, ratio) => (gain(ratio) > gain(best) + 1e-9 ? ratio : best), 1)
}
