/** Moments of a CSV file as us, and fields of its lines. No clock and no time zone of a machine is asked. */
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(?:Z|UTC|([+-])(\d\d):?(\d\d)))?$/
const NUMBER = /^\d{1,16}(\.\d*)?(e\+?\d{1,2})?$/i
const BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365]
/** 9e15 us are the year 2255, and the last whole numbers that a double tells apart. */
const LAST = 9e15

/** us since 1970 of an ISO 8601 date-time (`2023-11-16 18:17:03.9799600`), UTC where it names no offset; null for none. */
export function isoUs(field: string): number | null {
  const match = ISO.exec(field)
  if (match === null) return null
  const [, y, mo, d, h, mi, s, fraction = '', sign, oh = '0', om = '0'] = match
  const [year, month, day] = [Number(y), Number(mo), Number(d)]
  const [hour, minute, second] = [Number(h), Number(mi), Number(s)]
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null
  if (hour > 23 || minute > 59 || second > 59) return null
  const offset = (Number(oh) * 60 + Number(om)) * (sign === '-' ? -1 : 1)
  const minutes = (daysSince1970(year, month, day) * 24 + hour) * 60 + minute - offset
  return (minutes * 60 + second) * 1e6 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

function daysIn(year: number, month: number): number {
  if (month === 2 && leap(year)) return 29
  return (BEFORE_MONTH[month] ?? 0) - (BEFORE_MONTH[month - 1] ?? 0)
}

function leap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

function daysSince1970(year: number, month: number, day: number): number {
  const past = year - 1
  const leaps = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400)
  const thisYear = (BEFORE_MONTH[month - 1] ?? 0) + (month > 2 && leap(year) ? 1 : 0) + day - 1
  // 719162 days from the first of January of the year 1 to that of 1970.
  return past * 365 + leaps + thisYear - 719_162
}

/** A number from 0, null for anything else. */
export function numberOf(field: string): number | null {
  if (!NUMBER.test(field)) return null
  const number = Number(field)
  return number <= LAST ? number : null
}

/** us of a number in this unit (us each); null for one that is no number or too far. */
export function unitsUs(field: string, unit: number): number | null {
  const number = numberOf(field)
  if (number === null || number * unit > LAST) return null
  return Math.round(number * unit)
}

/** The fields of one line, quotes taken off (RFC 4180, but a quoted field ends with its line). */
export function fieldsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',').map(field => field.trim())
  const fields: string[] = []
  let field = ''
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    const char = line[i]
    if (char === '"' && quoted && line[i + 1] === '"') field += line[i++]
    else if (char === '"') quoted = !quoted
    else if (char === ',' && !quoted) {
      fields.push(field.trim())
      field = ''
    } else field += char
  }
  return [...fields, field.trim()]
}
