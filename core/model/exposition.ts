/**
 * Reads the two Prometheus text formats: exposition 0.0.4 and OpenMetrics 1.0. Bounded and total: text
 * of any kind gives an answer, lines outside the grammar are skipped and counted. Only the wanted names
 * are read in full; of any other line nothing but its name is looked at, since a page of an inference
 * server has thousands of histogram lines that nobody asked for.
 * Sources: prometheus.io "Exposition formats"; OpenMetrics 1.0, section 4.
 */
type Labels = ReadonlyMap<string, string>

export interface Series {
  labels: Labels
  /** May be NaN or infinite: both formats allow it. */
  value: number
  /** As it is written, where it is: ms in the older format, seconds in OpenMetrics. */
  at?: number
}

export interface Exposition {
  /** The series of each wanted name, in the order of the text. */
  series: ReadonlyMap<string, readonly Series[]>
  /** Wanted names that a series or a TYPE line names: a family may be declared and still be empty. */
  seen: ReadonlySet<string>
  /** Lines outside the grammar. */
  skipped: number
  /** The text was longer than the bounds: the answer may be partial. */
  truncated: boolean
}

export interface ExpositionBounds {
  /** In UTF-16 units, which for these formats are bytes. */
  maxBytes: number
  maxLines: number
}

export const EXPOSITION_BOUNDS: ExpositionBounds = { maxBytes: 1_048_576, maxLines: 50_000 }

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const LABEL =
  /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\\n]|\\[\\"n])*)"[ \t]*(,?)[ \t]*/y
const NUMBER = '(?:[+-]?(?:(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:e[+-]?\\d+)?|inf(?:inity)?)|nan)'
/** What follows the labels: a value, a timestamp, an exemplar. */
const REST = new RegExp(`^[ \\t]+(${NUMBER})(?:[ \\t]+(${NUMBER}))?(?:[ \\t]+# \\{.*)?$`, 'i')
const TYPE = /^#[ \t]+TYPE[ \t]+([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]/
const END_OF_TEXT = '# EOF'
/** Longer lines of wanted names are garbage; it also bounds the work of the expressions above. */
const LONGEST_LINE = 16_384

export function readExposition(
  text: string,
  wanted: ReadonlySet<string>,
  bounds: ExpositionBounds = EXPOSITION_BOUNDS,
): Exposition {
  const series = new Map<string, Series[]>()
  const seen = new Set<string>()
  let skipped = 0
  let lines = 0
  let at = 0
  const length = Math.min(text.length, bounds.maxBytes)
  while (at < length && lines < bounds.maxLines) {
    const newline = text.indexOf('\n', at)
    // A line that the bound cuts through would be read as another number.
    if (newline === -1 ? text.length > length : newline >= length) break
    const end = newline === -1 ? length : newline
    const line = text.slice(at, text.charCodeAt(end - 1) === 13 ? end - 1 : end).trim()
    at = end + 1
    lines += 1
    if (line === '') continue
    if (line === END_OF_TEXT) return { series, seen, skipped, truncated: false }
    if (!readLine(line, wanted, series, seen)) skipped += 1
  }
  return { series, seen, skipped, truncated: at < text.length }
}

/** False when the line is outside the grammar. */
function readLine(
  line: string,
  wanted: ReadonlySet<string>,
  series: Map<string, Series[]>,
  seen: Set<string>,
): boolean {
  if (line.startsWith('#')) {
    const family = TYPE.exec(line)?.[1]
    if (family !== undefined && wanted.has(family)) seen.add(family)
    return true
  }
  NAME.lastIndex = 0
  const name = NAME.exec(line)?.[0]
  if (name === undefined || !' \t{'.includes(line.charAt(name.length) || '?')) return false
  if (!wanted.has(name)) return true
  const one = line.length > LONGEST_LINE ? null : readSeries(line, name.length)
  if (one === null) return false
  seen.add(name)
  const others = series.get(name)
  if (others === undefined) series.set(name, [one])
  else others.push(one)
  return true
}

function readSeries(line: string, at: number): Series | null {
  const open = /[ \t]*\{/y
  open.lastIndex = at
  let rest = at
  let labels: Labels = new Map()
  if (open.test(line)) {
    const block = readLabels(line, open.lastIndex)
    if (block === null) return null
    labels = block.labels
    rest = block.end
  }
  const found = REST.exec(rest === at ? line.slice(rest) : ` ${line.slice(rest)}`)
  const [, value, time] = found ?? []
  if (value === undefined) return null
  return { labels, value: toNumber(value), ...(time === undefined ? {} : { at: toNumber(time) }) }
}

/** The labels from `at`, just behind the brace, and the place behind the closing one. */
function readLabels(line: string, at: number): { labels: Labels; end: number } | null {
  const labels = new Map<string, string>()
  let next = at
  let more = true
  while (more) {
    LABEL.lastIndex = next
    const found = LABEL.exec(line)
    if (found === null) break
    const [whole, label = '', value = '', comma] = found
    if (labels.has(label)) return null
    labels.set(label, unescape(value))
    next += whole.length
    more = comma === ','
  }
  while (line.charAt(next) === ' ' || line.charAt(next) === '\t') next += 1
  return line.charAt(next) === '}' ? { labels, end: next + 1 } : null
}

function unescape(value: string): string {
  if (!value.includes('\\')) return value
  return value.replace(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
}

function toNumber(text: string): number {
  const lower = text.toLowerCase()
  if (lower === 'nan') return Number.NaN
  if (lower.includes('inf')) return lower.startsWith('-') ? -Infinity : Infinity
  return Number(text)
}

export type Fold = 'sum' | 'max' | 'mean'

export interface Folding {
  how: Fold
  /** Only series with these labels; the empty value also stands for a label that is not there. */
  only?: ReadonlyMap<string, string>
  /** Labels whose values number copies of one quantity (tensor-parallel ranks): the largest counts. */
  copies?: ReadonlySet<string>
}

/** One number for a name: null when no series of it holds a finite number. */
export function fold(series: readonly Series[] | undefined, folding: Folding): number | null {
  const distinct = new Map<string, number>()
  for (const { labels, value } of series ?? []) {
    if (!Number.isFinite(value) || !matches(labels, folding.only)) continue
    const key = identity(labels, folding.copies)
    const other = distinct.get(key)
    if (other === undefined || other < value) distinct.set(key, value)
  }
  if (distinct.size === 0) return null
  const values = [...distinct.values()]
  if (folding.how === 'max') return values.reduce((a, b) => Math.max(a, b))
  const sum = values.reduce((a, b) => a + b)
  return folding.how === 'mean' ? sum / values.length : sum
}

function matches(labels: Labels, only: ReadonlyMap<string, string> | undefined): boolean {
  for (const [label, value] of only ?? []) if ((labels.get(label) ?? '') !== value) return false
  return true
}

function identity(labels: Labels, copies: ReadonlySet<string> | undefined): string {
  const own = [...labels].filter(([label]) => copies?.has(label) !== true)
  return JSON.stringify(own.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
