import { Random } from '../random.ts'
import { play } from '../run.ts'
import { scenarioFrom, type Scenario } from '../scenario/read.ts'
import type { Trace } from '../traffic/trace.ts'
import type { Point } from './curve.ts'
import type { Surge } from './scenarios.ts'

/** Who is compared with us, and how it is asked for. `fixed` is a count chosen in hindsight, behind our own edge. */
export const rivals = ['hpa', 'hpaConcurrency', 'kpa', 'kpa300', 'keda', 'fixed'] as const
export type RivalName = (typeof rivals)[number]

type Service = 'random' | 'two'

/** One setting of one policy. `target` is in the policy's own unit. */
export interface Setting {
  policy: string
  target?: number
  settings?: Record<string, number | string>
  edges?: number
  service?: Service
  words: string
}

/** How many settings a curve is drawn with. */
export type Grain = 'sample' | 'quick' | 'full'

const UTILIZATION = {
  sample: [0.5, 0.8],
  quick: [0.35, 0.5, 0.65, 0.8, 1],
  full: [0.35, 0.5, 0.65, 0.8, 1],
}
const CPU = { sample: [30, 60], quick: [20, 40, 60, 80], full: [20, 30, 40, 55, 75] }
const KPA = { sample: [40, 70], quick: [30, 50, 70, 100], full: [35, 50, 65, 80, 90, 100] }
/** Above 1 where a metric has what waits in it, too. */
const OF_LIMIT = { sample: [0.5, 1], quick: [0.3, 0.6, 1, 2], full: [0.35, 0.55, 0.75, 1, 1.4] }
/** Times the replicas that we had in the mean. */
const FIXED = { sample: [1], quick: [1, 1.5], full: [1, 1.3, 1.8] }
/** What stands before those who bring no proxy: kube-proxy, or a balancer that is kinder. A sample has the kinder one. */
const SERVICES: Record<Grain, Service[]> = {
  sample: ['two'],
  quick: ['random', 'two'],
  full: ['random', 'two'],
}

/** What Outrigger ships with: every other setting is drawn around it. */
export const DEFAULT = '0.8'

/** Outrigger's settings: how full slots should be; all else is as we ship it. */
export function ours(grain: Grain): Setting[] {
  return UTILIZATION[grain].map(utilization => ({
    policy: 'outrigger',
    settings: { 'target-utilization': utilization },
    words: `${utilization}`,
  }))
}

/** Outrigger as shipped behind something else than one edge. */
export const fronts = {
  edges2: { policy: 'outrigger', edges: 2, words: 'two edges' },
  edges8: { policy: 'outrigger', edges: 8, words: 'eight edges' },
  service: { policy: 'outrigger', edges: 0, words: 'no edge, kube-proxy' },
  serviceTwo: { policy: 'outrigger', edges: 0, service: 'two', words: 'no edge, two choices' },
} as const satisfies Record<string, Setting>
export type FrontName = keyof typeof fronts

/** A rival's settings, the most generous first; `mean` is how many replicas we had. */
export function theirs(
  rival: RivalName,
  grain: Grain,
  { limit, mean }: { limit: number; mean: number },
): Setting[] {
  const percent = (policy: string, targets: number[]): Setting[] =>
    targets.map(target => ({ policy, target, words: `${target} %` }))
  const ofLimit = (policy: string): Setting[] =>
    OF_LIMIT[grain].map(share => ({ policy, target: share * limit, words: `${share} x limit` }))
  const behind = (settings: Setting[]): Setting[] =>
    SERVICES[grain].flatMap(service =>
      settings.map(one => ({
        ...one,
        service,
        words: service === 'two' ? `${one.words}, two choices` : one.words,
      })),
    )
  switch (rival) {
    case 'hpa':
      return behind(percent('hpa-cpu', CPU[grain]))
    case 'hpaConcurrency':
      return behind(ofLimit('hpa-concurrency'))
    case 'kpa':
      return percent('kpa', KPA[grain])
    case 'kpa300':
      return percent('kpa-300', KPA[grain])
    case 'keda':
      return behind(ofLimit('keda'))
    case 'fixed': {
      const counts = FIXED[grain].flatMap(x => [Math.floor(x * mean), Math.ceil(x * mean)])
      const some = [...new Set(counts.map(count => Math.max(1, count)))]
      return some.map(target => ({ policy: 'static', target, words: `${target}` }))
    }
  }
}

/** The scenario as a setting has it. */
export function scenarioOf(
  surge: Surge,
  { settings, edges, service }: Partial<Setting> = {},
): Scenario {
  return scenarioFrom({
    ...surge,
    settings: { ...surge.settings, ...settings },
    ...(edges === undefined ? {} : { edges }),
    ...(service === undefined ? {} : { service }),
  })
}

/** The longest period of those who scale, us: an autoscaler's sync. */
const PERIOD_US = 15_000_000

/**
 * How much later than the clocks of those who scale the traffic of a seed begins: anywhere in a period, evenly
 * spread over the seeds, so that nobody's ticks have the luck of the hour.
 */
export function lateUs(seed: number, seeds: readonly number[]): number {
  const place = Math.max(0, seeds.indexOf(seed))
  return Math.floor(((place + new Random(seed).uniform()) / Math.max(1, seeds.length)) * PERIOD_US)
}

/** Plays settings of a scenario, each setting and seed once. */
export class Player {
  private readonly surge: Surge
  private readonly seeds: readonly number[]
  private readonly trace: Trace | undefined
  private readonly known = new Map<string, Figures>()

  constructor(surge: Surge, { seeds, trace }: { seeds: readonly number[]; trace?: Trace }) {
    this.surge = surge
    this.seeds = seeds
    this.trace = trace
  }

  /** A setting over all seeds, or over the first alone: shares are of all requests, the rest are means. */
  point(setting: Setting, over: 'all' | 'first' = 'all'): Point {
    const seeds = over === 'all' ? this.seeds : this.seeds.slice(0, 1)
    const runs = seeds.map(seed => this.run(setting, seed))
    const sum = (of: keyof Figures): number => runs.reduce((total, run) => total + run[of], 0)
    const offered = sum('offered')
    return {
      target: setting.words,
      replicaSeconds: sum('replicaSeconds') / runs.length,
      bad: sum('bad') / Math.max(1, offered),
      lost: sum('lost') / Math.max(1, offered),
      turns: sum('directionChanges') / runs.length,
      seeds: runs.length,
      offered: offered / runs.length,
    }
  }

  private run(setting: Setting, seed: number): Figures {
    const key = `${setting.policy} ${setting.words} ${seed}`
    const known = this.known.get(key)
    if (known !== undefined) return known
    const { target } = setting
    const { totals } = play(scenarioOf(this.surge, setting), {
      policy: setting.policy,
      limiter: 'outrigger',
      seed,
      lateUs: lateUs(seed, this.seeds),
      ...(target === undefined ? {} : { target }),
      ...(this.trace === undefined ? {} : { trace: this.trace }),
    })
    const { offered, bad, lost, replicaSeconds, directionChanges } = totals
    const figures = { offered, bad, lost, replicaSeconds, directionChanges }
    this.known.set(key, figures)
    return figures
  }
}

interface Figures {
  offered: number
  bad: number
  lost: number
  replicaSeconds: number
  directionChanges: number
}
