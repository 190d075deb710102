/**
 * A number that changes at known times and stays between them: a model's speed (1 is its own, 0 a pause), or
 * its cores. It is the product of its parts. Times are us.
 */
export interface Part {
  at(nowUs: number): number
  /** The next change, later than `nowUs`; Infinity for none. */
  untilUs(nowUs: number): number
  /** The model was given one more request. */
  started?(): void
}

export class Steps {
  value = 1
  /** Until when `value` holds; before the first `sync` there is none. */
  untilUs = -Infinity
  private readonly parts: readonly Part[]
  private readonly counting: readonly Part[]

  constructor(parts: readonly Part[]) {
    this.parts = parts
    this.counting = parts.filter(part => part.started !== undefined)
  }

  sync(nowUs: number): void {
    if (nowUs < this.untilUs) return
    this.value = 1
    this.untilUs = Infinity
    for (const part of this.parts) {
      this.value *= part.at(nowUs)
      this.untilUs = Math.min(this.untilUs, part.untilUs(nowUs))
    }
  }

  started(): void {
    if (this.counting.length === 0) return
    for (const part of this.counting) part.started?.()
    this.untilUs = -Infinity
  }
}

/** `value` within a span, 1 outside. */
export function span(fromUs: number, untilUs: number, value: number): Part {
  return {
    at: now => (now >= fromUs && now < untilUs ? value : 1),
    untilUs: now => (now < fromUs ? fromUs : now < untilUs ? untilUs : Infinity),
  }
}

/** From each time on its value; the first one's before it. */
export function levels(points: readonly { atUs: number; value: number }[]): Part {
  const sorted = points.toSorted((a, b) => a.atUs - b.atUs)
  return {
    at: now => (sorted.findLast(point => point.atUs <= now) ?? sorted[0])?.value ?? 1,
    untilUs: now => sorted.find(point => point.atUs > now)?.atUs ?? Infinity,
  }
}

/** Nothing for `lengthUs` in each `everyUs`, which are whole us; `phaseUs` says when the first one is. */
export function pauses(everyUs: number, lengthUs: number, phaseUs: number): Part {
  const begin = (now: number): number => Math.floor((now - phaseUs) / everyUs) * everyUs + phaseUs
  return {
    at: now => (now - begin(now) < lengthUs ? 0 : 1),
    untilUs: now => begin(now) + (now - begin(now) < lengthUs ? lengthUs : everyUs),
  }
}

/** Steps in which what is cold grows warm by time. */
const COLD_STEPS = 20

/** `factor` times as slow at its first request; the factor falls to 1 in a straight line over `forUs`. */
export function coldFor(factor: number, forUs: number): Part {
  const stepUs = Math.ceil(forUs / COLD_STEPS)
  let beganUs: number | null = null
  const step = (now: number): number => {
    beganUs ??= Math.floor(now)
    return Math.floor((now - beganUs) / stepUs)
  }
  return {
    at: now => warmth(factor, step(now) / COLD_STEPS),
    untilUs: now =>
      step(now) >= COLD_STEPS ? Infinity : (beganUs ?? 0) + (step(now) + 1) * stepUs,
  }
}

/** The same over its first `requests`. */
export function coldOver(factor: number, requests: number): Part {
  let given = 0
  return {
    at: () => warmth(factor, (given - 1) / requests),
    untilUs: () => Infinity,
    started: () => void given++,
  }
}

function warmth(factor: number, part: number): number {
  return 1 / (1 + (factor - 1) * Math.max(0, 1 - Math.max(0, part)))
}
