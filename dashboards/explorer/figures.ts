import { el, say } from './dom.ts'
import type { Endpoint } from './model.ts'
import { capacityOf } from './series.ts'
import { duration, number } from './words.ts'

/** Live numbers in cells that keep their place. */
export interface Cell {
  root: HTMLElement
  update(endpoint: Endpoint): void
}

interface Figure {
  label: string
  /** What it means, for a newcomer. */
  means: string
  read(endpoint: Endpoint): string
  /** A second, smaller line. */
  sub?(endpoint: Endpoint): string
  /** Share of 1 for a bar. */
  bar?(endpoint: Endpoint): number
  bad?(endpoint: Endpoint): boolean
}

const slots = ({ live }: Endpoint): number => capacityOf(live)

export const figures = {
  limit: {
    label: 'Limit',
    means: 'Requests that one replica may have in flight. Learned from its latency and throughput.',
    read: ({ live }) => number(live.limit),
    sub: ({ learned }) =>
      learned.phase === 'cold'
        ? 'learning'
        : learned.phase === 'steady'
          ? 'learned'
          : learned.phase,
  },
  inFlight: {
    label: 'In flight',
    means: 'Requests that the models hold now, of the slots that all ready replicas have together.',
    read: ({ live }) => number(live.inFlight),
    sub: endpoint => `of ${number(slots(endpoint))}`,
    bar: endpoint => (slots(endpoint) === 0 ? 0 : endpoint.live.inFlight / slots(endpoint)),
  },
  queued: {
    label: 'Queued',
    means: 'Requests that wait at a sidecar: they came without an edge.',
    read: ({ live }) => number(live.queued),
  },
  held: {
    label: 'Held',
    means: 'Requests that wait at the edge for a free slot.',
    read: ({ live }) => number(live.held),
  },
  replicas: {
    label: 'Replicas',
    means: 'Ready replicas, of those decided.',
    read: ({ replicas }) => `${number(replicas.ready)} / ${number(replicas.desired)}`,
    sub: ({ replicas: { starting, draining, notReady, failed } }) =>
      failed + notReady > 0
        ? `${failed + notReady} not ready`
        : starting > 0
          ? `${starting} starting`
          : draining > 0
            ? `${draining} leaving`
            : 'ready',
    bad: ({ replicas }) => replicas.failed + replicas.notReady > 0,
  },
  offered: {
    label: 'Offered /s',
    means: 'Requests that arrived in the last second.',
    read: ({ live }) => number(live.offered),
  },
  rejected: {
    label: 'Rejected /s',
    means: 'Requests turned away with 429 in the last second, before they cost the model anything.',
    read: ({ live }) => number(live.rejected),
    bad: ({ live }) => live.rejected > 0,
  },
  p95: {
    label: 'Service time',
    means: 'Nineteen of twenty successes of the last second were served within this.',
    read: ({ live }) => duration(live.p95Us),
    sub: ({ learned: { objective, objectiveUs } }) =>
      objectiveUs === null
        ? 'no objective yet'
        : `objective ${duration(objectiveUs)}, ${objective}`,
  },
} as const satisfies Record<string, Figure>

export type FigureName = keyof typeof figures

/** The inside of a table cell or of a card. */
export function figure(name: FigureName, root: HTMLElement): Cell {
  const { read, sub, bar, bad }: Figure = figures[name]
  const value = el('span', { class: 'value' })
  const small = sub === undefined ? null : el('span', { class: 'sub' })
  const fill = bar === undefined ? null : el('span', { class: 'fill' })
  root.append(value)
  if (small !== null) root.append(small)
  if (fill !== null) root.append(el('span', { class: 'bar', 'aria-hidden': 'true' }, fill))
  return {
    root,
    update(endpoint) {
      say(value, read(endpoint))
      if (small !== null) say(small, sub?.(endpoint) ?? '')
      if (fill !== null) fill.style.transform = `scaleX(${Math.min(1, bar?.(endpoint) ?? 0)})`
      root.classList.toggle('bad', bad?.(endpoint) ?? false)
    },
  }
}
