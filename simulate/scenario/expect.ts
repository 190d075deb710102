import { reasons, type ReasonCode } from '../../core/model/reasons.ts'
import {
  isMapping,
  list,
  map,
  object,
  optional,
  text,
  that,
  type Infer,
  type Schema,
} from '../../core/model/schema.ts'
import { milliseconds } from '../../core/model/units.ts'
import { byTime, seconds, strict } from '../words.ts'

/** What a scenario expects of a run: ranges from the least to the most that is right. */
export type Range = [least: number, most: number]

const range = that<Range>('[least, most], two numbers of which the second is not less', v =>
  rising(v, x => (typeof x === 'number' ? x : null)),
)
const times = that<[string, string]>(
  '[from, until], two durations of which the second is not less',
  v => rising(v, milliseconds),
)
const codes = list(
  that<ReasonCode>(
    'a reason that a decision may give (docs/reasons.md)',
    v => typeof v === 'string' && Object.hasOwn(reasons, v),
  ),
  40,
)

const fields = {
  /** Shares of the offered requests: bad, lost (result.ts tells which those are), and answered in time. */
  bad: optional(range),
  lost: optional(range),
  goodput: optional(range),
  meanReplicas: optional(range),
  directionChanges: optional(range),
  /** Replicas asked for: at a time, and all the time. */
  replicasAt: optional(byTime(range, 50)),
  replicasBetween: optional(range),
  /** Between which times more are first asked for. */
  firstUpAt: optional(times),
  /** What a decision said at some time, and what none ever did. */
  reasons: optional(codes),
  notReasons: optional(codes),
}
const one = object(fields, strict)
const each = map(one, 30, text(40))
export type ExpectationFile = Infer<typeof one>
export type ExpectFile = ExpectationFile | Record<string, ExpectationFile>

/** Expectations of `outrigger`, or for each of several policies theirs. */
export const expectSpec: Schema<ExpectFile> = {
  expected: 'expectations, or a mapping of policies to theirs',
  check(value, path, issues) {
    if (isByPolicy(value)) each.check(value, path, issues)
    else one.check(value, path, issues)
  },
}

/** The same with times in s. */
export interface Expectation extends Omit<ExpectationFile, 'replicasAt' | 'firstUpAt'> {
  replicasAt: { second: number; range: Range }[]
  firstUpAt?: Range
}

/** By policy. */
export function expectations(given: ExpectFile | undefined): Record<string, Expectation> {
  if (given === undefined) return {}
  const byPolicy = isByPolicy(given)
    ? (given as Record<string, ExpectationFile>)
    : { outrigger: given as ExpectationFile }
  return Object.fromEntries(Object.entries(byPolicy).map(([name, file]) => [name, inSeconds(file)]))
}

function inSeconds({ replicasAt = {}, firstUpAt, ...rest }: ExpectationFile): Expectation {
  const at = Object.entries(replicasAt).map(([time, range]) => ({ second: seconds(time), range }))
  if (firstUpAt === undefined) return { ...rest, replicasAt: at }
  const [from, until] = firstUpAt
  return { ...rest, replicasAt: at, firstUpAt: [seconds(from), seconds(until)] }
}

/** Expectations are ranges and lists, but for `replicasAt`; of policies each has a mapping. */
function isByPolicy(value: unknown): boolean {
  if (!isMapping(value)) return false
  const entries = Object.entries(value)
  return (
    entries.length > 0 &&
    entries.every(([name, entry]) => !Object.hasOwn(fields, name) && isMapping(entry))
  )
}

/** Whether this is two values of which the second is not below the first. */
function rising(value: unknown, number: (of: unknown) => number | null): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false
  const [least, most] = (value as unknown[]).map(number)
  return least != null && most != null && least <= most
}
