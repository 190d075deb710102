import { h, type Markup } from './markup.ts'

/**
 * Curves over seconds of virtual time. The picture is stretched to its box and holds no text, so that its
 * lines keep their width, and the words beside it their size, on a telephone and on a wall.
 */
export interface Curve {
  /** A value for each second. */
  values: readonly number[]
  /** A class of the style sheet, which names the colour: blue. */
  color: string
  dash?: boolean
  fill?: boolean
  /** Keeps its level for its whole second. */
  stepped?: boolean
  /** What stands for several seconds that share a point: their mean, else the largest. */
  mean?: boolean
}

/** Points that a curve has at most: about one for each pixel of a wide window. */
const MOST_POINTS = 900
const HEIGHT = 100

/** s that share a point in a run of this length. */
export function secondsPerPoint(length: number): number {
  return Math.max(1, Math.ceil(length / MOST_POINTS))
}

/** `top` is the value at the upper edge, `ticks` are times of upright lines, s. */
export function picture(
  curves: readonly Curve[],
  { top, ticks, says }: { top: number; ticks: readonly number[]; says: string },
): Markup {
  const length = Math.max(1, ...curves.map(({ values }) => values.length))
  return h(
    'svg',
    {
      role: 'img',
      'aria-label': says,
      viewBox: `0 0 ${length} ${HEIGHT}`,
      preserveAspectRatio: 'none',
    },
    h('title', {}, says),
    h('path', { class: 'grid', d: gridOf(length, ticks) }),
    curves.map(curve => drawn(curve, top)),
  )
}

function gridOf(length: number, ticks: readonly number[]): string {
  const across = [0, HEIGHT / 2, HEIGHT].map(y => `M0 ${y}H${length}`)
  return [...across, ...ticks.map(x => `M${x} 0V${HEIGHT}`)].join('')
}

function drawn(curve: Curve, top: number): Markup[] {
  const points = pointsOf(curve)
  if (points.length === 0) return []
  const line = lineOf(points, curve, y => HEIGHT - (y / top) * HEIGHT)
  const names = ['curve', curve.color, ...(curve.dash === true ? ['dash'] : [])]
  const area = `${line}V${HEIGHT}H0Z`
  return [
    ...(curve.fill === true ? [h('path', { class: `area ${curve.color}`, d: area })] : []),
    h('path', { class: names.join(' '), d: line }),
  ]
}

interface Point {
  x: number
  y: number
}

function pointsOf({ values, mean }: Curve): Point[] {
  const each = secondsPerPoint(values.length)
  const points: Point[] = []
  for (let x = 0; x < values.length; x += each) {
    const shared = values.slice(x, x + each)
    const sum = shared.reduce((total, value) => total + value, 0)
    points.push({ x, y: mean === true ? sum / shared.length : Math.max(...shared) })
  }
  return points
}

/** A level is drawn once, however long it lasts. */
function lineOf(points: readonly Point[], curve: Curve, place: (y: number) => number): string {
  const end = curve.values.length
  const parts = points.flatMap(({ x, y }, i) => {
    const at = rounded(place(y))
    if (i === 0) return `M0 ${at}`
    const [before, after] = [points[i - 1]?.y, points[i + 1]?.y]
    if (y === before && (curve.stepped === true || y === (after ?? y))) return []
    return curve.stepped === true ? `H${x}V${at}` : `L${x} ${at}`
  })
  return `${parts.join('')}H${end}`
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}

/** The next round number above all values: 1, 2, 5, 10, 20, ... */
export function roundTop(largest: number): number {
  let power = 1
  while (power * 10 < largest) power *= 10
  return [1, 2, 5, 10].map(step => step * power).find(top => top >= largest) ?? power * 10
}

const steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800]
const hours = [1, 2, 3, 6, 12, 24, 48, 96, 168].map(count => count * 3600)

/** Round times of a run, s, at most `most` after the first. */
export function ticksOf(length: number, most: number): number[] {
  const step = [...steps, ...hours].find(each => length / each <= most) ?? length
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => i * step)
}
