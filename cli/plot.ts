/** A chart of plain text: signs over two axes that begin at 0. Pure. */
export interface Marks {
  sign: string
  means: string
  points: readonly (readonly [x: number, y: number])[]
}

export interface Plot {
  title: string
  /** Later ones lie over earlier ones. */
  marks: readonly Marks[]
  /** A line from top to bottom, named below. */
  line: { x: number; name: string }
  /** Columns of the terminal. */
  width: number
}

const ROWS = 12
const LEAST = 40
const MOST = 110

export function plot({ title, marks, line, width }: Plot): string[] {
  const points = marks.flatMap(each => each.points)
  const top = nice(Math.max(...points.map(([, y]) => y), 0))
  const right = nice(Math.max(...points.map(([x]) => x), line.x * 1.05))
  const margin = Math.max(...[0, 1, 2, 3].map(i => said((top * i) / 3).length))
  const columns = Math.min(MOST, Math.max(LEAST, width)) - margin - 3
  const column = (x: number): number => Math.round((x / right) * (columns - 1))
  const grid = Array.from({ length: ROWS }, () => Array.from({ length: columns }, () => ' '))
  const put = (x: number, row: number, sign: string): void => {
    const cells = grid[row]
    if (cells?.[column(x)] !== undefined) cells[column(x)] = sign
  }
  for (let row = 0; row < ROWS; row++) put(line.x, row, '|')
  for (const each of marks) {
    for (const [x, y] of each.points) put(x, Math.round((1 - y / top) * (ROWS - 1)), each.sign)
  }
  const labelled = new Map([0, 1, 2, 3].map(i => [((3 - i) * (ROWS - 1)) / 3, said((top * i) / 3)]))
  const used = marks.filter(each => each.points.length > 0)
  const indent = ' '.repeat(margin + 1)
  return [
    title,
    ...grid.map((cells, row) =>
      `${(labelled.get(row) ?? '').padStart(margin)} |${cells.join('')}`.trimEnd(),
    ),
    `${indent}+${'-'.repeat(columns)}`,
    `${indent} ${ticks(right, columns, column)}`,
    `${indent} ${named(line.name, column(line.x), columns)}`,
    ...used.map(({ sign, means }) => `${indent} ${sign}  ${means}`),
  ]
}

function ticks(right: number, columns: number, column: (x: number) => number): string {
  const count = columns >= 60 ? 5 : 2
  let text = ''
  for (let i = 0; i <= count; i++) {
    const words = said((right * i) / count)
    const at = Math.min(columns - words.length, Math.max(0, column((right * i) / count)))
    text = text.padEnd(at) + words
  }
  return text
}

/** `^ limit 12`, with the words on the side that has room. */
function named(name: string, at: number, columns: number): string {
  const words = `^ ${name}`
  if (at + words.length <= columns) return ' '.repeat(at) + words
  return `${name} ^`.padStart(at + 1)
}

/** The next number of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten. */
function nice(value: number): number {
  // Below this there is nothing to draw.
  if (!(value > 1e-9)) return 1
  const unit = 10 ** Math.floor(Math.log10(value))
  const step = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find(each => each * unit >= value * 0.9999)
  return (step ?? 10) * unit
}

function said(value: number): string {
  return String(Number(value.toPrecision(2 + (value >= 100 ? 1 : 0))))
}
