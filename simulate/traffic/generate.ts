import type { Random } from '../random.ts'
import { us } from '../words.ts'
import type { Arrivals } from './arrivals.ts'
import { Kinds } from './kinds.ts'
import { rateOf, type Rate } from './rates.ts'
import { Replay } from './replay.ts'
import { shapeOf, type TrafficFile } from './spec.ts'
import type { Trace } from './trace.ts'

/** The rate counts as constant for so long, us, at what it is in the middle: exact for straight lines. */
const CELL = 10_000

export interface ArrivalsOptions {
  random: Random
  /** None comes at this time or later. */
  untilUs: number
  /** The file that a trace names, parsed. */
  trace?: Trace
  /** The traffic begins so much later; until then it is as it begins, or nobody of a trace. */
  lateUs?: number
}

/** Requests as the traffic of a scenario sends them. */
export function arrivalsOf(traffic: TrafficFile, options: ArrivalsOptions): Arrivals {
  const shape = shapeOf(traffic)
  if (shape.name !== 'trace') return new Generated(traffic, options)
  const { trace } = options
  if (trace === undefined) throw new Error(`the trace ${shape.file} was not read`)
  const { scale = 1, speed = 1 } = shape
  const repeatUs = traffic.repeat === undefined ? Infinity : us(traffic.repeat)
  const { noise, classes } = traffic
  const { random, untilUs, lateUs = 0 } = options
  const how = { random, scale, speed, repeatUs, even: noise === 'none', classes }
  return later(new Replay(trace, { ...how, untilUs: untilUs - lateUs }), lateUs)
}

function later(arrivals: Arrivals, us: number): Arrivals {
  if (us === 0) return arrivals
  return {
    get nextUs() {
      return arrivals.nextUs + us
    },
    get kind() {
      return arrivals.kind
    },
    take: () => arrivals.take(),
  }
}

/**
 * A Poisson process with a rate that changes, by the time in which one is expected: in that time gaps are
 * exponential with mean 1 (Cinlar, Introduction to Stochastic Processes, 1975). Without noise each gap
 * is 1, and the first one a half.
 */
class Generated implements Arrivals {
  nextUs = 0
  kind = 0
  private readonly rate: Rate
  private readonly random: Random | null
  private readonly kinds: Kinds
  private readonly untilUs: number
  private readonly lateUs: number
  private atUs = 0
  private cell = 0
  private perUs: number

  constructor(traffic: TrafficFile, { random, untilUs, lateUs = 0 }: ArrivalsOptions) {
    this.rate = rateOf(traffic)
    this.random = traffic.noise === 'none' ? null : random
    this.kinds = new Kinds(traffic.classes, random.fork())
    this.untilUs = untilUs
    this.lateUs = lateUs
    this.perUs = this.perUsIn(0)
    this.advance(this.random?.exponential(1) ?? 0.5)
  }

  take(): void {
    this.advance(this.random?.exponential(1) ?? 1)
  }

  /** Goes on until `expected` requests more were expected. */
  private advance(expected: number): void {
    let left = expected
    for (;;) {
      const end = (this.cell + 1) * CELL
      const here = (end - this.atUs) * this.perUs
      if (here > 0 && left <= here) break
      left -= here
      this.atUs = end
      if (end >= this.untilUs) return this.end()
      this.perUs = this.perUsIn(++this.cell)
    }
    this.atUs += left / this.perUs
    this.nextUs = Math.floor(this.atUs)
    if (this.nextUs >= this.untilUs) return this.end()
    this.kind = this.kinds.draw()
  }

  private perUsIn(cell: number): number {
    return this.rate(Math.max(0, (cell + 0.5) * CELL - this.lateUs) / 1e6) / 1e6
  }

  private end(): void {
    this.nextUs = Infinity
    this.kind = 0
  }
}
