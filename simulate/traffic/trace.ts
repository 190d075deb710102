import { sentence, show, type Issue } from '../../core/model/schema.ts'
import { bareLayout, isHeader, MOST_A_SECOND, namedLayout, type Layout } from './layout.ts'
import { fieldsOf, isoUs, numberOf, unitsUs } from './moment.ts'

/** Requests that were recorded, by row. */
export interface Trace {
  /** us since the first row, never falling; of counts the beginning of each second. */
  atUs: readonly number[]
  /** Requests in the second that begins then; null where each row is one request. */
  counts: readonly number[] | null
  /** Tokens of the prompt and of the answer, where the file has them. */
  contextTokens: readonly number[] | null
  generatedTokens: readonly number[] | null
}

/** What is wrong with a file, by line: the first ten. */
export class TraceError extends Error {
  readonly issues: readonly Issue[]

  constructor(issues: readonly Issue[]) {
    super(issues.map(sentence).join('\n'))
    this.name = 'TraceError'
    this.issues = issues
  }
}

const MOST_ISSUES = 10
const MOST_TOKENS = 1e9
const SECOND = 1_000_000
const LIKE = 'like 2023-11-16 18:17:03.97'

/**
 * Parses CSV: a row a request (a time: ISO 8601, seconds or ms; ContextTokens and GeneratedTokens where
 * named), or a row a second (its count alone, or after its time). A header is not needed (layout.ts tells
 * how columns are told apart). Throws a TraceError and nothing else.
 */
export function parseTrace(csv: string, mostRows = 10_000_000): Trace {
  const lines = new Lines(csv)
  lines.next()
  let layout: Layout
  if (isHeader(lines.line)) {
    const header = lines.line
    lines.next()
    layout = namedLayout(header, lines.line)
  } else layout = bareLayout(lines.line)
  const rows = new Rows(layout)
  for (; !lines.ended && rows.issues.length < MOST_ISSUES; lines.next()) {
    if (rows.count === mostRows) {
      rows.wrong(lines.number, `at most ${mostRows} rows`, 'more')
      break
    }
    rows.read(fieldsOf(lines.line), lines.number)
  }
  if (rows.count === 0 && rows.issues.length === 0) {
    rows.wrong(lines.number, 'at least one row', 'the end of the file')
  }
  if (rows.issues.length > 0) throw new TraceError(rows.issues)
  return rows.trace()
}

/** As CSV that parses to the same. */
export function printTrace({ atUs, counts, contextTokens, generatedTokens }: Trace): string {
  const columns: [string, (row: number) => number][] =
    counts === null
      ? [['ms', row => (atUs[row] ?? 0) / 1000]]
      : [
          ['second', row => (atUs[row] ?? 0) / SECOND],
          ['count', row => counts[row] ?? 0],
        ]
  if (contextTokens !== null) columns.push(['ContextTokens', row => contextTokens[row] ?? 0])
  if (generatedTokens !== null) columns.push(['GeneratedTokens', row => generatedTokens[row] ?? 0])
  const header = columns.map(([name]) => name).join(',')
  const lines = atUs.map((_, row) => columns.map(([, value]) => value(row)).join(','))
  return [header, ...lines, ''].join('\n')
}

/** Lines that are not empty, one at a time, with their numbers. */
class Lines {
  line = ''
  number = 0
  ended = false
  private readonly text: string
  private from: number

  constructor(text: string) {
    this.text = text
    // A byte order mark, as spreadsheets write it.
    this.from = text.charCodeAt(0) === 0xfeff ? 1 : 0
  }

  next(): void {
    do {
      this.number++
      this.ended = this.from >= this.text.length
      const end = this.text.indexOf('\n', this.from)
      this.line = this.text.slice(this.from, end === -1 ? undefined : end).trim()
      this.from = end === -1 ? this.text.length : end + 1
    } while (this.line === '' && !this.ended)
  }
}

class Rows {
  readonly issues: Issue[] = []
  count = 0
  private readonly layout: Layout
  private readonly atUs: number[] = []
  private readonly counts: number[] = []
  private readonly context: number[] = []
  private readonly generated: number[] = []
  private firstUs = 0
  private lastUs = 0

  constructor(layout: Layout) {
    this.layout = layout
  }

  read(fields: readonly string[], line: number): void {
    const { layout } = this
    const at = layout.time === -1 ? this.count * SECOND : this.time(fields[layout.time], line)
    this.count++
    if (at === null) return
    this.atUs.push(at)
    const whole = (column: number, most: number, what: string, into: number[]): void => {
      if (column !== -1) into.push(this.whole(fields[column], most, what, line))
    }
    whole(layout.count, MOST_A_SECOND, 'requests', this.counts)
    whole(layout.context, MOST_TOKENS, 'tokens', this.context)
    whole(layout.generated, MOST_TOKENS, 'tokens', this.generated)
  }

  wrong(line: number, expected: string, got: string): void {
    this.issues.push({ path: `line ${line}`, expected, got })
  }

  trace(): Trace {
    const { layout, atUs, counts, context, generated } = this
    return {
      atUs,
      counts: layout.count === -1 ? null : counts,
      contextTokens: layout.context === -1 ? null : context,
      generatedTokens: layout.generated === -1 ? null : generated,
    }
  }

  /** us since the first row, null for a bad one. */
  private time(field: string | undefined, line: number): number | null {
    const { unit } = this.layout
    const us = unit === null ? isoUs(field ?? '') : unitsUs(field ?? '', unit)
    const expected = us === null ? this.wanted(field ?? '') : this.misplaced(us)
    if (us === null || expected !== null) {
      this.wrong(line, expected ?? '', show(field))
      return null
    }
    if (this.count === 0) this.firstUs = us
    this.lastUs = us
    return us - this.firstUs
  }

  /** What stands in place of a field that is no time. */
  private wanted(field: string): string {
    const { unit } = this.layout
    if (/[;\t]/.test(field)) return 'columns with commas between them'
    if (unit === null) return `a time ${LIKE}`
    if (unit !== SECOND) return 'a time in ms'
    return this.count === 0 ? `a time: seconds, ms since 1970, or ${LIKE}` : 'a time in seconds'
  }

  /** What a time should be that may not follow the one before; null where it may. */
  private misplaced(us: number): string | null {
    if (this.count === 0) return null
    if (us < this.lastUs) return 'a time not before that of the row before'
    if (this.layout.count === -1) return null
    const whole = us > this.lastUs && (us - this.firstUs) % SECOND === 0
    return whole ? null : 'a time whole seconds after that of the row before'
  }

  private whole(field: string | undefined, most: number, what: string, line: number): number {
    const number = numberOf(field ?? '')
    if (number !== null && Number.isInteger(number) && number <= most) return number
    this.wrong(line, `a whole number of ${what}, at most ${most}`, show(field))
    return 0
  }
}
