import { drawn } from './dom.ts'
import { EDGE, frameOf, pathOf, type Frame, type Spot } from './frame.ts'
import type { Belief, Curve } from './model.ts'
import { clock, number } from './words.ts'

/** Throughput against concurrency, with the chosen limit: a drawing as wide as its place. */
const HEIGHT = 260

/** null where nothing was measured. */
export function curve({ limit, curve: it }: Belief, width: number): SVGElement | null {
  const spots: Spot[] = [...it.tried, ...it.levels].map(({ n, x }) => [n, x])
  if (spots.length === 0) return null
  const law = it.law?.line ?? []
  const now: Spot[] = it.now === null ? [] : [[it.now.n, it.now.x]]
  const frame = frameOf([...spots, ...law, ...now], limit * 1.05, width, HEIGHT)
  const label = `One replica: ${it.unit} a second against requests in flight, with the limit at ${limit}.`
  return drawn(
    'svg',
    { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: 'img', 'aria-label': label },
    ...axes(frame, it.unit),
    ...chosen(limit, frame),
    drawn('path', { class: 'law', d: pathOf(law, frame) }),
    ...it.levels.map(level =>
      spotOf('level', [level.n, level.x], 2.5, levelWords(level, it), frame),
    ),
    ...it.tried.map(tried => {
      const kind = tried.bound < 0.5 ? 'tried unreached' : 'tried'
      return spotOf(kind, [tried.n, tried.x], 5, triedWords(tried, it), frame)
    }),
    ...now.map(spot => spotOf('now', spot, 4, 'The mean of the last 20 s', frame)),
  )
}

function axes({ width, height, x, y, across, up }: Frame, unit: Curve['unit']): Node[] {
  const bottom = height - EDGE.bottom
  return [
    ...up.flatMap(value => [
      drawn('line', {
        class: 'grid',
        x1: EDGE.left,
        x2: width - EDGE.right,
        y1: y(value),
        y2: y(value),
      }),
      drawn('text', { x: EDGE.left - 8, y: y(value) + 4, 'text-anchor': 'end' }, number(value)),
    ]),
    ...across.map(value =>
      drawn('text', { x: x(value), y: bottom + 16, 'text-anchor': 'middle' }, number(value)),
    ),
    drawn('text', { x: width - EDGE.right, y: height - 4, 'text-anchor': 'end' }, 'in flight'),
    drawn('text', { x: EDGE.left, y: 10 }, `${unit}/s of one replica`),
  ]
}

function chosen(limit: number, { x, y, height, width }: Frame): Node[] {
  const at = x(limit)
  const left = at > width / 2
  return [
    drawn('line', { class: 'limit', x1: at, x2: at, y1: EDGE.top, y2: height - EDGE.bottom }),
    drawn(
      'text',
      {
        class: 'limit',
        x: at + (left ? -6 : 6),
        y: y(0) - 8,
        'text-anchor': left ? 'end' : 'start',
      },
      `limit ${number(limit)}`,
    ),
  ]
}

function spotOf(kind: string, [x, y]: Spot, r: number, words: string, frame: Frame): SVGElement {
  const title = drawn('title', {}, words)
  return drawn('circle', { class: kind, cx: frame.x(x), cy: frame.y(y), r }, title)
}

function triedWords({ limit, n, x, answers, at }: Curve['tried'][number], { unit }: Curve): string {
  return `Limit ${limit}: ${number(x)} ${unit}/s with ${number(n)} in flight, ${number(answers)} answers, ${clock(at)}`
}

function levelWords({ n, x, count }: Curve['levels'][number], { unit }: Curve): string {
  return `${number(n)} in flight: ${number(x)} ${unit}/s, ${number(count)} ${unit}`
}
