/** Where things lie in a drawing with two axes that begin at 0. Pure: tested in node. */
export interface Frame {
  width: number
  height: number
  x(value: number): number
  y(value: number): number
  /** What the axes say. */
  across: number[]
  up: number[]
}

export type Spot = readonly [x: number, y: number]

/** Below this there is nothing to draw. */
const NOTHING = 1e-9

export const EDGE = { left: 52, right: 16, top: 22, bottom: 34 }

/** A frame that holds all spots; `least` is shown on the x axis in any case. */
export function frameOf(
  spots: readonly Spot[],
  least: number,
  width: number,
  height: number,
): Frame {
  const across = ticks(Math.max(least, ...spots.map(([x]) => x)), width < 480 ? 4 : 8)
  const up = ticks(Math.max(0, ...spots.map(([, y]) => y)), 4)
  const [most, top] = [across.at(-1) ?? 1, up.at(-1) ?? 1]
  const inner = { width: width - EDGE.left - EDGE.right, height: height - EDGE.top - EDGE.bottom }
  return {
    width,
    height,
    x: value => round(EDGE.left + (value / most) * inner.width),
    y: value => round(EDGE.top + (1 - value / top) * inner.height),
    across,
    up,
  }
}

/** From 0 to at least `most`, in about `count` steps of 1, 2 or 5 times a power of ten. */
export function ticks(most: number, count: number): number[] {
  const whole = most > NOTHING ? most : 1
  const rough = whole / count
  const unit = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5].find(each => each * unit >= rough * 0.999) ?? 10) * unit
  const steps = Math.ceil(whole / step - 1e-9)
  return Array.from({ length: steps + 1 }, (_, i) => Number((i * step).toPrecision(12)))
}

/** The `d` of a path through the spots. */
export function pathOf(spots: readonly Spot[], { x, y }: Frame): string {
  return spots.map(([a, b], i) => `${i === 0 ? 'M' : 'L'}${x(a)} ${y(b)}`).join('')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
