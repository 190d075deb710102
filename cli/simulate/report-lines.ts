import type { Played, Seconds } from '../../simulate/result.ts'
import { h, type Markup } from './markup.ts'
import { numbersOf } from './report-numbers.ts'
import { picture, roundTop, ticksOf, type Curve } from './svg.ts'
import { number, span } from './words.ts'

/** What happened over time: the traffic, and below it each run's replicas, limit, waiting and bad requests. */
interface Lane {
  title: string
  curves: readonly (Omit<Curve, 'values'> & { of: keyof Seconds; label: string })[]
  tall?: boolean
}

const traffic: Lane = {
  title: 'Requests a second',
  curves: [{ of: 'offered', label: 'offered', color: 'blue', fill: true, mean: true }],
  tall: true,
}

const lanes: readonly Lane[] = [
  {
    title: 'Replicas',
    curves: [
      { of: 'ready', label: 'ready', color: 'green', fill: true, stepped: true },
      { of: 'desired', label: 'desired', color: 'purple', dash: true, stepped: true },
    ],
  },
  {
    title: 'Limit of a replica',
    curves: [{ of: 'limit', label: 'requests in flight', color: 'blue', stepped: true }],
  },
  {
    title: 'Waiting',
    curves: [{ of: 'waiting', label: 'requests', color: 'orange', fill: true }],
  },
  {
    title: 'Bad requests a second',
    curves: [{ of: 'bad', label: 'by when they came', color: 'red', fill: true, mean: true }],
  },
]

/** A run with its name and what is said beside it. */
export interface Told {
  run: Played
  name: string
  says: string
}

const MOST_TICKS = 10

/** Runs of one scenario above one another, all on the same time axis and each lane on the same scale. */
export function timeLines(told: readonly Told[]): Markup {
  const [first] = told
  if (first === undefined) return h('div')
  const runs = told.map(({ run }) => run)
  const ticks = ticksOf(first.run.seconds.offered.length, MOST_TICKS)
  const draw = (lane: Lane, run: Played, of: string): Markup =>
    laneOf(lane, run, { of, ticks, top: topOf(lane, runs) })
  return h(
    'div',
    { class: 'lines card' },
    draw(traffic, first.run, 'all clients'),
    axis(ticks, first.run),
    told.map(({ run, name, says }) =>
      h(
        'section',
        { class: 'run' },
        h('h3', {}, name),
        h('p', { class: 'muted' }, says),
        lanes.map(lane => draw(lane, run, name)),
        axis(ticks, run),
        numbersOf(run, name),
      ),
    ),
  )
}

/** The upper edge of a lane, the same for all runs. */
function topOf({ curves }: Lane, runs: readonly Played[]): number {
  return roundTop(Math.max(...runs.flatMap(run => curves.map(({ of }) => most(run.seconds[of])))))
}

function laneOf(
  { title, curves, tall }: Lane,
  run: Played,
  { of, ticks, top }: { of: string; ticks: readonly number[]; top: number },
): Markup {
  const ranges = curves.map(curve => {
    const values = run.seconds[curve.of]
    return `${curve.label} from ${number(least(values))} to ${number(most(values))}`
  })
  const says = `${title}, ${of}: ${ranges.join(', ')}, over ${span(run.seconds.offered.length)}.`
  const drawn = curves.map(curve => ({ ...curve, values: run.seconds[curve.of] }))
  return h(
    'figure',
    { class: tall === true ? 'lane tall' : 'lane' },
    h(
      'figcaption',
      {},
      h('b', {}, title),
      curves.map(curve => [' ', key(curve)]),
      h('span', { class: 'most' }, `most ${number(most(curves.flatMap(c => run.seconds[c.of])))}`),
    ),
    h(
      'div',
      { class: 'plot' },
      picture(drawn, { top, ticks, says }),
      h(
        'span',
        { class: 'scale', 'aria-hidden': 'true' },
        h('span', {}, number(top)),
        h('span', {}, 0),
      ),
    ),
  )
}

function key({ label, color, dash }: Lane['curves'][number]): Markup {
  return h('span', { class: dash === true ? `key ${color} dash` : `key ${color}` }, label)
}

/** Every second name gives way in a narrow window. */
function axis(ticks: readonly number[], { seconds }: Played): Markup {
  const length = Math.max(1, seconds.offered.length)
  return h(
    'div',
    { class: 'axis', 'aria-hidden': 'true' },
    ticks.map((at, i) => {
      const left = `left:${Math.round((at / length) * 10_000) / 100}%`
      return h('span', { class: i % 2 === 0 ? 'first' : 'second', style: left }, span(at))
    }),
  )
}

function most(values: readonly number[]): number {
  return values.reduce((so, value) => Math.max(so, value), 0)
}

function least(values: readonly number[]): number {
  return values.reduce((so, value) => Math.min(so, value), values[0] ?? 0)
}
