import { chart, type Line, type Unit } from './chart.ts'
import { el } from './dom.ts'
import type { Point } from './model.ts'
import { capacityOf, columns, smooth } from './series.ts'
import { duration, number } from './words.ts'

/** The four charts of an endpoint. */
export interface Charts {
  root: HTMLElement
  show(points: readonly Point[]): void
  close(): void
}

interface Plan {
  title: string
  says: string
  lines: readonly (Line & { read: (point: Point) => number | null })[]
  unit: Unit
  /** Trailing mean over this many seconds. */
  smooth?: number
}

const requests: Unit = { say: number, least: 4, whole: true }

const plans: readonly Plan[] = [
  {
    title: 'Requests per second',
    says: 'What arrived, what was answered well, what was turned away. Mean of 5 s.',
    unit: requests,
    smooth: 5,
    lines: [
      { label: 'offered', color: '--blue', read: point => point.offered },
      { label: 'ok', color: '--green', fill: true, read: point => point.ok },
      { label: 'rejected', color: '--red', read: point => point.rejected },
    ],
  },
  {
    title: 'Requests present against slots',
    says: 'Slots: the learned limit x ready replicas. What is above them waits.',
    unit: requests,
    lines: [
      {
        label: 'in flight + waiting',
        color: '--orange',
        read: point => point.inFlight + point.queued + point.held,
      },
      { label: 'in flight', color: '--blue', fill: true, read: point => point.inFlight },
      { label: 'slots', color: '--muted', dash: true, stepped: true, read: capacityOf },
    ],
  },
  {
    title: 'Replicas',
    says: 'Decided and ready. The gap is the time that a replica takes to start.',
    unit: requests,
    lines: [
      {
        label: 'desired',
        color: '--purple',
        dash: true,
        stepped: true,
        read: point => point.desired,
      },
      { label: 'ready', color: '--green', fill: true, stepped: true, read: point => point.ready },
    ],
  },
  {
    title: 'Service time, 95 %',
    says: 'Of successes: first byte to the model until its last byte.',
    unit: { say: duration, least: 1000 },
    lines: [{ label: 'p95', color: '--blue', read: point => point.p95Us }],
  },
]

export function charts(): Charts {
  const made = plans.map(plan => ({
    plan,
    chart: chart(plan.title, plan.says, plan.lines, plan.unit),
  }))
  return {
    root: el('div', { class: 'charts' }, ...made.map(each => each.chart.root)),
    show(points) {
      for (const { plan, chart: one } of made) {
        const reads = plan.lines.map(({ read }) => read)
        one.show(
          plan.smooth === undefined
            ? columns(points, reads)
            : columns(smoothed(points, plan.smooth), reads),
        )
      }
    },
    close() {
      for (const each of made) each.chart.close()
    },
  }
}

function smoothed(points: readonly Point[], seconds: number): Point[] {
  const offered = smooth(points, seconds, point => point.offered)
  const ok = smooth(points, seconds, point => point.ok)
  const rejected = smooth(points, seconds, point => point.rejected)
  return points.map((point, i) => ({
    ...point,
    offered: offered[i] ?? 0,
    ok: ok[i] ?? 0,
    rejected: rejected[i] ?? 0,
  }))
}
