import { fieldsOf, isoUs, numberOf } from './moment.ts'

/** Which column of a trace holds what; -1 for none. */
export interface Layout {
  time: number
  /** us of one unit of the time's numbers; null for ISO 8601. */
  unit: number | null
  count: number
  context: number
  generated: number
}

/** More requests in one second are taken for a time, or for a mistake. */
export const MOST_A_SECOND = 1_000_000
const SECOND = 1_000_000
const MS = 1000

/** Whether a line names columns rather than having values. */
export function isHeader(line: string): boolean {
  const [first = ''] = fieldsOf(line)
  return /^[a-z_]/i.test(first)
}

/**
 * The layout by the names of the columns, and the first values where these leave the unit open. The time
 * is the first column, unless that one is a count: then each line is a second.
 */
export function namedLayout(header: string, line: string): Layout {
  const names = fieldsOf(header).map(name => name.toLowerCase())
  const count = names.findIndex(name => /^(count|counts|requests|invocations)$/.test(name))
  const time = count === 0 ? -1 : 0
  return {
    time,
    unit: namedUnit(names[0] ?? '') ?? unitOf(fieldsOf(line)[0] ?? ''),
    count,
    context: names.indexOf('contexttokens'),
    generated: names.indexOf('generatedtokens'),
  }
}

/**
 * The layout of a file without names: whole numbers alone are counts, and two of them a second and its
 * count; three columns are a time, tokens of the prompt and tokens of the answer; the rest are times.
 */
export function bareLayout(line: string): Layout {
  const fields = fieldsOf(line)
  const [first = '', second = ''] = fields
  const none = { time: 0, unit: unitOf(first), count: -1, context: -1, generated: -1 }
  if (fields.length === 1 && isCount(first)) return { ...none, time: -1, count: 0 }
  if (fields.length === 2 && isCount(second)) return { ...none, count: 1 }
  if (fields.length === 3) return { ...none, context: 1, generated: 2 }
  return none
}

function isCount(field: string): boolean {
  return /^\d+$/.test(field) && Number(field) <= MOST_A_SECOND
}

function namedUnit(name: string): number | null {
  const last = /([a-z]+)[^a-z]*$/.exec(name)?.[1] ?? ''
  if (/^(ms|millis|milliseconds?)$/.test(last)) return MS
  return /^(s|secs?|seconds?)$/.test(last) ? SECOND : null
}

/** A bare number is in seconds, and from 1e11 on in ms since 1970: as seconds that were the year 5138. */
function unitOf(field: string): number | null {
  if (isoUs(field) !== null) return null
  return (numberOf(field) ?? 0) >= 1e11 ? MS : SECOND
}
