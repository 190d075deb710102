import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import {
  check,
  bool,
  int,
  list,
  map,
  object,
  oneOf,
  optional,
  sentence,
  text,
  that,
  type Infer,
} from '../../core/model/schema.ts'
import { readSettings, type Settings } from '../../core/model/settings.ts'
import { milliseconds } from '../../core/model/units.ts'

/** A scenario file: a plant, its traffic, settings, and what is expected of the real decider. */
const strict = { strict: true }
const duration = that<string>('a duration with its unit', v => milliseconds(v) !== null)
const share = that<number>('a share from 0 to 1', v => typeof v === 'number' && v >= 0 && v <= 1)
const rate = that<number>('requests a second', v => typeof v === 'number' && v >= 0)
const range = that<[number, number]>('[least, most]', v => {
  const [least, most, ...rest] = Array.isArray(v) ? (v as unknown[]) : []
  return typeof least === 'number' && typeof most === 'number' && least <= most && rest.length === 0
})
const span = { from: duration, until: duration }

const file = object(
  {
    plant: object(
      {
        limit: int(1),
        service: duration,
        startUp: duration,
        replicas: int(),
        /** Service time grows with the requests in flight, as on one core; else every slot is as fast. */
        processorSharing: optional(bool),
        /** Requests a second that all replicas together can do: something shared is full. */
        sharedCapacity: optional(rate),
        /** Requests that may wait, and how long. */
        queue: optional(int()),
        queueDeadline: optional(duration),
        /** Without an edge, arrivals are told by the replicas alone. */
        edge: optional(bool),
        /** Requests turned away come again, so many times each. */
        retries: optional(object({ times: int(1), after: duration }, strict)),
        /** A share of the answers are fast server errors. */
        failing: optional(object({ ...span, share }, strict)),
        /** A share of the replicas do not report. */
        silent: optional(object({ ...span, share }, strict)),
        aggregatorGone: optional(object(span, strict)),
      },
      strict,
    ),
    /** Arrivals a second: straight lines between points, or levels; with the noise of a Poisson process. */
    traffic: object(
      {
        shape: oneOf('levels', 'lines'),
        points: map(rate, 200),
        /** The points are repeated with this period. */
        repeat: optional(duration),
        noise: optional(bool),
      },
      strict,
    ),
    settings: optional(
      map(
        that('a setting', () => true),
        40,
      ),
    ),
    run: duration,
    seed: optional(int()),
    expect: object(
      {
        /** At a time: least and most replicas asked for. */
        replicasAt: optional(map(range, 50)),
        replicasBetween: optional(range),
        directionChanges: optional(range),
        /** Shares of all requests: late, rejected or failed; and rejected or failed alone. */
        bad: optional(range),
        lost: optional(range),
        /** Mean replicas over the run. */
        meanReplicas: optional(range),
        /** Between which times the first move up happens. */
        firstUpAt: optional(list(duration, 2)),
        reasons: optional(list(text(40), 20)),
        notReasons: optional(list(text(40), 20)),
      },
      strict,
    ),
  },
  strict,
)
export type ScenarioFile = Infer<typeof file>

export interface Scenario extends ScenarioFile {
  read: Settings
}

/** Reads one file; throws with every error in it. */
export function readScenario(path: string | URL): Scenario {
  return scenarioFrom(parse(readFileSync(path, 'utf8')))
}

export function scenarioFrom(raw: unknown): Scenario {
  const checked = check(file, raw)
  if (!checked.ok) throw new Error(checked.issues.map(sentence).join('\n'))
  const scenario = checked.value
  const given = { 'fixed-limit': scenario.plant.limit, ...scenario.settings }
  const { settings, issues } = readSettings(given, 'settings')
  if (issues.length > 0) throw new Error(issues.map(sentence).join('\n'))
  return { ...scenario, read: settings }
}

/** ms of a duration that was checked. */
export function ms(words: string): number {
  return milliseconds(words) ?? 0
}

/** Arrivals a second at a time in s. */
export function rateAt({ shape, points, repeat }: ScenarioFile['traffic'], second: number): number {
  const at = repeat === undefined ? second : second % (ms(repeat) / 1000)
  const sorted = Object.entries(points)
    .map(([time, value]) => ({ at: ms(time) / 1000, value }))
    .toSorted((a, b) => a.at - b.at)
  const next = sorted.find(point => point.at > at)
  const last = sorted.findLast(point => point.at <= at)
  if (last === undefined) return 0
  if (next === undefined || shape === 'levels') return last.value
  return last.value + ((next.value - last.value) * (at - last.at)) / (next.at - last.at)
}
