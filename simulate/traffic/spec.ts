import {
  check,
  isMapping,
  list,
  object,
  oneOf,
  optional,
  show,
  text,
  type Infer,
  type Schema,
} from '../../core/model/schema.ts'
import { byTime, duration, number, period, rate, share, strict } from '../words.ts'

/**
 * Traffic as scenario files write it: one shape, such as `step: { from: 4, to: 40, at: 300s }`, with what
 * may stand beside every shape. Rates are requests a second of all clients together.
 */
const points = byTime(rate, 1000)

const shapes = {
  /** The same all the time. */
  constant: object({ rate }, strict),
  /** From each time on, its rate; 0 before the first. */
  levels: object({ points }, strict),
  /** Straight lines between the points; 0 before the first, level after the last. */
  lines: object({ points }, strict),
  /** From one rate to another, `over` (2s) from `at` on. */
  step: object({ from: rate, to: rate, at: duration, over: optional(duration) }, strict),
  /** The same, slower: how long has to be said. */
  ramp: object({ from: rate, to: rate, at: duration, over: duration }, strict),
  /** Each period begins low and is high for the last `share` (0.5) of it. */
  square: object({ low: rate, high: rate, period, share: optional(share) }, strict),
  /** A jump from `base` to `peak`, of which 1/e is left after `decay`. */
  flash: object({ base: rate, peak: rate, at: duration, decay: period }, strict),
  /** A raised cosine: low at the beginning of a period, high in its middle. */
  diurnal: object({ low: rate, high: rate, period }, strict),
  /**
   * Recorded requests, from a CSV file (trace.ts). `scale` is how many requests come for each recorded
   * one: with 2.5, two or three. With `speed` 10 an hour of the trace takes six minutes.
   */
  trace: object(
    {
      file: text(500),
      scale: optional(number(0.0001, 10_000)),
      speed: optional(number(0.001, 10_000)),
    },
    strict,
  ),
}

const beside = {
  /** The shape begins anew with this period. */
  repeat: optional(period),
  /**
   * `poisson` (the default): clients know nothing of each other. `none`: evenly spaced. What a trace tells
   * of times is kept by both: this is about what it leaves open, copies and the places within a second.
   */
  noise: optional(oneOf('poisson', 'none')),
  /** Which share of the requests is of which class, an index into the plant's classes. */
  classes: optional(classShares()),
}

type Shapes = { [N in keyof typeof shapes]: Infer<(typeof shapes)[N]> }
export type ShapeName = keyof Shapes
export type Shape = {
  [N in ShapeName]: { name: N } & Shapes[N]
}[ShapeName]
export interface TrafficFile extends Partial<Shapes> {
  repeat?: string
  noise?: 'poisson' | 'none'
  classes?: number[]
}

const names = Object.keys(shapes) as ShapeName[]
const all = object(
  {
    ...(Object.fromEntries(
      Object.entries(shapes).map(([name, schema]) => [name, optional<unknown>(schema)]),
    ) as Record<ShapeName, Schema<unknown>>),
    ...beside,
  },
  strict,
)

export const trafficSpec: Schema<TrafficFile> = {
  expected: `a mapping with one of ${names.join(', ')}`,
  check(value, path, issues) {
    all.check(value, path, issues)
    if (!isMapping(value)) return
    const given = names.filter(name => value[name] !== undefined)
    if (given.length === 1) return
    const got = given.length === 0 ? 'none' : given.join(' and ')
    issues.push({ path, expected: `one shape (${names.join(', ')})`, got })
  },
}

/** The one shape of traffic that was checked. */
export function shapeOf(traffic: TrafficFile): Shape {
  const name = names.find(each => traffic[each] !== undefined) ?? 'constant'
  return { name, ...traffic[name] } as Shape
}

function classShares(): Schema<number[]> {
  const each = list(share, 100)
  return {
    expected: 'a list of shares',
    check(value, path, issues) {
      if (!check(each, value).ok) return each.check(value, path, issues)
      const sum = (value as number[]).reduce((a, b) => a + b, 0)
      if (Math.abs(sum - 1) < 1e-6) return
      issues.push({ path, expected: 'shares that add up to 1', got: show(sum) })
    },
  }
}
