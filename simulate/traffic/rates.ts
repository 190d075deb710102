import { exp } from '../../core/model/math.ts'
import { seconds } from '../words.ts'
import { shapeOf, type Shape, type TrafficFile } from './spec.ts'

/** Requests a second at a time, in s. */
export type Rate = (second: number) => number

/** For one look; who looks often keeps `rateOf`. */
export function rateAt(traffic: TrafficFile, second: number): number {
  return rateOf(traffic)(second)
}

/** The rate of a shape over time. A trace has none of its own: its requests are told one by one. */
export function rateOf(traffic: TrafficFile): Rate {
  const rate = ofShape(shapeOf(traffic))
  if (traffic.repeat === undefined) return rate
  const period = seconds(traffic.repeat)
  return second => rate(second % period)
}

function ofShape(shape: Shape): Rate {
  switch (shape.name) {
    case 'constant':
      return () => shape.rate
    case 'levels':
      return between(shape.points, from => from)
    case 'lines':
      return between(shape.points, (from, to, part) => from + (to - from) * part)
    case 'step':
    case 'ramp':
      return rise(shape.from, shape.to, seconds(shape.at), seconds(shape.over ?? '2s'))
    case 'square':
      return square(shape.low, shape.high, seconds(shape.period), shape.share ?? 0.5)
    case 'flash':
      return flash(shape.base, shape.peak, seconds(shape.at), seconds(shape.decay))
    case 'diurnal':
      return diurnal(shape.low, shape.high, seconds(shape.period))
    case 'trace':
      throw new Error('a trace has requests and no rate')
  }
}

/** Between two points by what they are and how far along it is, from 0 to 1. */
function between(
  points: Record<string, number>,
  value: (from: number, to: number, part: number) => number,
): Rate {
  const sorted = Object.entries(points)
    .map(([time, rate]) => ({ at: seconds(time), rate }))
    .toSorted((a, b) => a.at - b.at)
  return second => {
    let next = 0
    // Halves the points that may be the first one later than `second`.
    for (let beyond = sorted.length; next < beyond;) {
      const middle = (next + beyond) >>> 1
      if ((sorted[middle]?.at ?? 0) > second) beyond = middle
      else next = middle + 1
    }
    const last = sorted[next - 1]
    const to = sorted[next]
    if (last === undefined) return 0
    if (to === undefined) return last.rate
    return value(last.rate, to.rate, (second - last.at) / (to.at - last.at))
  }
}

function rise(from: number, to: number, at: number, over: number): Rate {
  return second => {
    if (second < at) return from
    return second >= at + over ? to : from + ((to - from) * (second - at)) / over
  }
}

function square(low: number, high: number, period: number, share: number): Rate {
  return second => (second % period < period * (1 - share) ? low : high)
}

function flash(base: number, peak: number, at: number, decay: number): Rate {
  return second => (second < at ? base : base + (peak - base) * exp((at - second) / decay))
}

function diurnal(low: number, high: number, period: number): Rate {
  return second => low + (high - low) * raisedCosine((second % period) / period)
}

/**
 * (1 - cos(2 pi x)) / 2 for x in [0, 1], by + - * / alone, to 1e-15: it is the square of sin(pi x), and by
 * symmetry x need not be above 1/4.
 */
export function raisedCosine(x: number): number {
  const half = x > 0.5 ? 1 - x : x
  return half > 0.25 ? 1 - squaredSine(0.5 - half) : squaredSine(half)
}

/** sin(pi x) squared, x in [0, 1/4], by Taylor's series: the next term is below 1e-16. */
function squaredSine(x: number): number {
  const angle = 3.141592653589793 * x
  let term = angle
  let sine = angle
  for (let i = 3; i <= 15; i += 2) {
    term *= -(angle * angle) / (i * (i - 1))
    sine += term
  }
  return sine * sine
}
