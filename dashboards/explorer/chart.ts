import uPlot from './uPlot.esm.js'
import { el } from './dom.ts'
import { SPAN_MS, type Columns } from './series.ts'
import { clock } from './words.ts'

/** A chart of the last 15 min. Its box has its full height before there is data: nothing moves when it comes. */
export interface Line {
  label: string
  /** A custom property of style.css: --blue. */
  color: string
  dash?: boolean
  fill?: boolean
  /** Keeps its level until the next point. */
  stepped?: boolean
}

/** How a chart's values are said, and how far its axis goes at least. */
export interface Unit {
  say: (value: number) => string
  least: number
  /** Only whole numbers on the axis. */
  whole?: boolean
}

export interface Chart {
  root: HTMLElement
  show(columns: Columns): void
  close(): void
}

const HEIGHT = 180
/** A run that has just begun is not squeezed into the right edge. */
const SHORTEST_S = 180
const dark = matchMedia('(prefers-color-scheme: dark)')

export function chart(title: string, says: string, lines: readonly Line[], unit: Unit): Chart {
  const box = el('div', { class: 'plot' })
  const root = el(
    'figure',
    { class: 'chart card' },
    el('figcaption', {}, el('h3', {}, title), el('p', { class: 'muted' }, says)),
    box,
  )
  let data: Columns = [[], ...lines.map((): (number | null)[] => [])]
  let plot: uPlot | null = null

  function draw(): void {
    plot?.destroy()
    plot = new uPlot(options(lines, unit, box.clientWidth || 300, colors(root)), data, box)
    showLast()
  }

  /** Without a pointer over the chart the legend has the newest values. */
  function showLast(): void {
    if (plot === null || plot.cursor.idx != null || data[0].length === 0) return
    plot.setLegend({ idx: data[0].length - 1 }, false)
  }

  const resized = new ResizeObserver(() => {
    if (plot === null) draw()
    else if (plot.width !== box.clientWidth)
      plot.setSize({ width: box.clientWidth, height: HEIGHT })
  })
  resized.observe(box)
  dark.addEventListener('change', draw)
  return {
    root,
    show(columns) {
      data = columns
      plot?.setData(data)
      showLast()
    },
    close() {
      resized.disconnect()
      dark.removeEventListener('change', draw)
      plot?.destroy()
    },
  }
}

type Colors = (name: string) => string

function colors(root: Element): Colors {
  const style = getComputedStyle(root)
  return name => style.getPropertyValue(name).trim()
}

function options(lines: readonly Line[], unit: Unit, width: number, color: Colors): uPlot.Options {
  const grid = { stroke: color('--line'), width: 1 }
  const axis = {
    stroke: color('--muted'),
    font: '11px system-ui, sans-serif',
    ticks: { show: false },
  }
  return {
    width,
    height: HEIGHT,
    tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    padding: [8, 28, 0, 0],
    cursor: { sync: { key: 'time' }, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { time: true, range: (_, min, max) => [max - within(max - min), max] },
      y: { range: (_, __, max) => [0, Math.max(unit.least, max) * 1.08] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        space: 80,
        values: (_, at, __, ___, step) => at.map(s => clock(s * 1000).slice(0, step < 60 ? 8 : 5)),
      },
      {
        ...axis,
        grid,
        size: 52,
        space: 32,
        values: (_, at) => at.map(value => unit.say(value)),
        ...(unit.whole === true ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] } : {}),
      },
    ],
    legend: { live: true, markers: { width: 2 } },
    series: [
      { label: 'UTC', value: (_, seconds) => (seconds == null ? '–' : clock(seconds * 1000)) },
      ...lines.map(line => series(line, unit, color)),
    ],
  }
}

function within(seconds: number): number {
  return Math.min(SPAN_MS / 1000, Math.max(SHORTEST_S, seconds))
}

function series(
  { label, color: name, dash, fill, stepped }: Line,
  { say }: Unit,
  color: Colors,
): uPlot.Series {
  const stroke = color(name)
  const paths = stepped === true ? uPlot.paths.stepped?.({ align: 1 }) : undefined
  return {
    label,
    stroke,
    width: 1.75,
    points: { show: false },
    value: (_, value) => (value == null ? '–' : say(value)),
    ...(dash === true ? { dash: [5, 4] } : {}),
    ...(fill === true ? { fill: `${stroke}22` } : {}),
    ...(paths === undefined ? {} : { paths }),
  }
}
