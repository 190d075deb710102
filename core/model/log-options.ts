import { isMapping, show, type Issue } from './schema.ts'
import { nearest } from './units.ts'

/** Settings of the decision log itself: `log:` in outrigger.yaml. Stored as bytes and days. */
interface Option {
  kind: 'bytes' | 'days'
  default: number
  min: number
  max: number
  sentence: string
}

const MIB = 1024 * 1024
const units: Record<string, number> = { KiB: 1024, MiB: MIB, GiB: 1024 * MIB }

const logOptionsTable = {
  'file-bytes': {
    kind: 'bytes',
    default: 64 * MIB,
    min: MIB,
    max: 1024 * MIB,
    sentence: 'A file of the log is followed by a new one when it has grown to this.',
  },
  'keep-days': {
    kind: 'days',
    default: 30,
    min: 1,
    max: 3650,
    sentence: 'A whole file whose newest record is older than this is removed.',
  },
  'keep-bytes': {
    kind: 'bytes',
    default: 4096 * MIB,
    min: 4 * MIB,
    max: 1024 * 1024 * MIB,
    sentence: 'The oldest whole files are removed while the log is larger than this.',
  },
} as const satisfies Record<string, Option>

type OptionName = keyof typeof logOptionsTable
export type LogOptions = Record<OptionName, number>

const names = Object.keys(logOptionsTable) as OptionName[]
export const logDefaults = Object.fromEntries(
  names.map(name => [name, logOptionsTable[name].default]),
) as LogOptions

/** Reads the `log:` block. Every error at once; the defaults where there is one. */
export function readLogOptions(raw: unknown, at = 'log'): { options: LogOptions; issues: Issue[] } {
  if (raw === undefined || raw === null) return { options: logDefaults, issues: [] }
  if (!isMapping(raw)) {
    const issue = { path: at, expected: `a mapping of ${names.join(', ')}`, got: show(raw) }
    return { options: logDefaults, issues: [issue] }
  }
  const issues: Issue[] = []
  const options = { ...logDefaults }
  for (const [name, value] of Object.entries(raw)) {
    const path = `${at}.${name}`
    if (!Object.hasOwn(logOptionsTable, name)) {
      issues.push({ path, expected: `a known setting${nearest(name, names)}`, got: show(name) })
      continue
    }
    const option: Option = logOptionsTable[name as OptionName]
    const number = amount(option.kind, value)
    if (number === null || number < option.min || number > option.max) {
      issues.push({ path, expected: wordsFor(option), got: show(value) })
    } else {
      options[name as OptionName] = number
    }
  }
  // The newest file is never removed, so the budget has to have room for another beside it.
  if (issues.length === 0 && options['keep-bytes'] < 2 * options['file-bytes']) {
    const expected = `at least twice file-bytes (${options['file-bytes']})`
    issues.push({ path: `${at}.keep-bytes`, expected, got: String(options['keep-bytes']) })
  }
  return { options: issues.length === 0 ? options : logDefaults, issues }
}

/** 30 or "30d" as days; bytes as an integer or "64MiB". */
function amount(kind: Option['kind'], value: unknown): number | null {
  if (Number.isSafeInteger(value)) return value as number
  if (typeof value !== 'string') return null
  const match =
    kind === 'days' ? /^(\d{1,5})d$/.exec(value) : /^(\d{1,15})(KiB|MiB|GiB)?$/.exec(value)
  return match === null ? null : Number(match[1]) * (units[match[2] ?? ''] ?? 1)
}

function wordsFor(option: Option): string {
  return option.kind === 'days'
    ? `days from ${option.min} to ${option.max}`
    : `bytes (an integer, or with KiB, MiB, GiB) from ${option.min / MIB}MiB to ${option.max / MIB}MiB`
}
