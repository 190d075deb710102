import {
  bool,
  check,
  int,
  list,
  object,
  oneOf,
  optional,
  that,
  type Checked,
  type Infer,
  type Schema,
} from '../../core/model/schema.ts'
import { milliseconds } from '../../core/model/units.ts'
import { duration, number, period, seconds, share, strict } from '../words.ts'
import { numberOrByTime, tagged, where } from './forms.ts'

/**
 * A plant as scenario files write it: how one replica of the model serves, and what may befall it. Times that
 * are given as from, until or levels are times of the run; what is drawn is drawn for each replica anew.
 */

/** us of a short duration, "200us", "0.5ms" or longer; null for anything else. */
export function micros(value: unknown): number | null {
  const match = typeof value === 'string' ? /^(\d{1,9}(?:\.\d{1,3})?)(us|ms)$/.exec(value) : null
  const us = match === null ? (milliseconds(value) ?? NaN) * 1000 : Number(match[1])
  const scaled = match?.[2] === 'ms' ? Math.round(us * 1000) : us
  return Number.isSafeInteger(scaled) ? scaled : null
}

const short = that<string>('a duration with its unit (us, ms, s, m)', v => micros(v) !== null)
const someTime = that<string>(
  'a duration above 0 with its unit (us, ms, s, m)',
  v => (micros(v) ?? 0) > 0,
)

/** Times the mean: `fixed` 1 (the default), `uniform` 0.5 to 1.5, the others as they are known. */
const spreads = {
  fixed: {},
  uniform: {},
  exponential: {},
  /** `cv` is deviation over mean. */
  lognormal: { cv: number(0, 10) },
  /** This `share` of the requests takes `factor` times what the others take. */
  bimodal: { share, factor: number(1, 1000) },
}

export interface SpreadSpec<Mean> {
  mean: Mean
  spread?: keyof typeof spreads
  cv?: number
  share?: number
  factor?: number
}

function spreadOf<Mean>(mean: Schema<Mean>): Schema<SpreadSpec<Mean>> {
  const variants = Object.entries(spreads).map(([name, more]): [string, Schema<unknown>] => [
    name,
    object({ mean, spread: optional(oneOf(name)), ...more }, strict),
  ])
  return tagged('spread', Object.fromEntries(variants), 'fixed')
}

/** us (or tokens) that requests take, and how they differ. */
const time = spreadOf(someTime)
const tokens = spreadOf(number(1, 1_000_000))

/** What a request waits for before it gets to the model itself, and all can wait for at the same time. */
const wait = optional(spreadOf(short))

const cores = object(
  {
    kind: oneOf('cores'),
    /** Cores that all share, each request at most one; by time where they change: { 0s: 16, 200s: 6 }. */
    cores: numberOrByTime(number(0.01, 10_000)),
    /** CPU time of a request. */
    work: time,
    wait,
    /** Whether monitoring sees it as CPU (true). Without: it stands for something else that serves so many at once. */
    cpu: optional(bool),
    /** Whether it stops work whose client has left (false: it works on for nobody). */
    stops: optional(bool),
  },
  strict,
)

const usl = object(
  {
    kind: oneOf('usl'),
    /** Time of a request that is alone. */
    work: time,
    wait,
    /** Contention and coherency: n in flight go at 1 / (1 + sigma (n-1) + kappa n (n-1)). */
    sigma: number(0, 1),
    kappa: number(0, 1),
  },
  strict,
)

const batch = object(
  {
    kind: oneOf('batch'),
    /** Requests in a batch, and what a batch takes: fixed + each x size. */
    most: int(1, 10_000),
    fixed: short,
    each: someTime,
    /** Whether it takes what the next power of two would take (false). */
    padded: optional(bool),
    /** Lognormal noise of a batch's time, deviation over mean (0). */
    cv: optional(number(0, 10)),
    wait,
  },
  strict,
)

const llm = object(
  {
    kind: oneOf('tokens'),
    /** Time between two tokens of a request: base + each x requests that run. */
    base: short,
    each: someTime,
    /** Prompt tokens that are read a second. */
    prefill: number(1, 10_000_000),
    /** Tokens of a request. */
    prompt: tokens,
    output: tokens,
    /** Tokens that the KV cache holds; requests that run at most (256). */
    kv: int(16, 1_000_000_000),
    most: optional(int(1, 100_000)),
    wait,
  },
  strict,
)

export type ModelSpec =
  | Infer<typeof cores>
  | Infer<typeof usl>
  | Infer<typeof batch>
  | Infer<typeof llm>
const model = tagged<ModelSpec>('kind', { cores, usl, batch, tokens: llm })

const mib = number(0, 10_000_000)
const times = { from: duration, until: duration }

function during<T extends { from: string; until: string }>(of: Schema<T>): Schema<T> {
  const good = ({ from, until }: T): boolean => seconds(from) < seconds(until)
  return where(of, 'a span that ends after it begins', good)
}

const plant = {
  model,
  /** What a request of each class costs, times the work (or the output tokens); [1] where there is one class. */
  classes: optional(list(number(0.001, 1000), 100, 'a list of at most 100 costs')),
  /**
   * Memory in MiB: what it may use, what it uses when idle, and for each request in flight. Above `limit` it
   * is killed, and down for `restart` (30s). Of what was freed 1/e is left after `back` (60s).
   */
  memory: optional(
    where(
      object(
        {
          limit: mib,
          base: mib,
          each: mib,
          back: optional(duration),
          restart: optional(duration),
        },
        strict,
      ),
      'a limit with room for a request',
      ({ limit, base, each }) => base + each <= limit && limit > 0,
    ),
  ),
  /** All work stops for so long, each `every`, as in a collection of garbage; when first is drawn. */
  pauses: optional(
    where(
      object({ every: period, for: period }, strict),
      'a pause shorter than what it comes again after',
      pause => seconds(pause.for) < seconds(pause.every),
    ),
  ),
  /** Others on the machine take from it: its speed in these spans, times its own. */
  neighbour: optional(list(during(object({ ...times, speed: number(0, 1) }, strict)), 100)),
  /** Its first requests go `factor` times as slowly; that falls to 1 over so many `requests`, or `for` so long. */
  cold: optional(
    where(
      object(
        { factor: number(1, 1000), requests: optional(int(1)), for: optional(period) },
        strict,
      ),
      'either requests or for',
      cold => (cold.requests === undefined) !== (cold.for === undefined),
    ),
  ),
  /** This share of the replicas, spread evenly over their numbers, is `factor` times as slow. */
  slow: optional(object({ share, factor: number(1, 1000) }, strict)),
  /** In these spans this share of the requests fails after a short while (1ms). */
  errors: optional(list(during(object({ ...times, share, after: optional(short) }, strict)), 100)),
  /** In the span it crashes when it was up for `every` (drawn, at most that, the first time), and is down for `restart` (30s). */
  crashes: optional(
    during(object({ ...times, every: period, restart: optional(duration) }, strict)),
  ),
}

export const plantSpec = object(plant, strict)
export type PlantSpec = Infer<typeof plantSpec>

export function readPlant(raw: unknown): Checked<PlantSpec> {
  return check(plantSpec, raw)
}
