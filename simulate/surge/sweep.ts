import { play } from '../run.ts'
import { scenarioFrom, type Scenario } from '../scenario/read.ts'
import type { Trace } from '../traffic/trace.ts'
import type { Point } from './curve.ts'
import type { Surge } from './scenarios.ts'

/** Who is compared with us, and how it is asked for. `fixed` is a count chosen in hindsight, behind our own edge. */
export const rivals = ['hpa', 'hpaConcurrency', 'kpa', 'kpa300', 'keda', 'fixed'] as const
export type RivalName = (typeof rivals)[number]

/** One setting of one policy. `target` is in the policy's own unit. */
export interface Setting {
  policy: string
  target?: number
  settings?: Record<string, number | string>
  words: string
}

/** How many settings a curve is drawn with. */
export type Grain = 'sample' | 'quick' | 'full'

const UTILIZATION = {
  sample: [0.5, 0.8],
  quick: [0.35, 0.5, 0.65, 0.8, 1],
  full: [0.35, 0.45, 0.55, 0.65, 0.8, 0.9, 1],
}
const OTHER_WINDOWS = { sample: ['60s'], quick: ['60s'], full: ['60s', '600s'] }
const CPU = { sample: [30, 60], quick: [20, 40, 60, 80], full: [20, 30, 40, 50, 60, 70, 80, 95] }
const KPA = { sample: [40, 70], quick: [30, 50, 70, 100], full: [30, 40, 50, 60, 70, 85, 100] }
/** Above 1 where a metric has what waits in it, too. */
const OF_LIMIT = {
  sample: [0.5, 1],
  quick: [0.3, 0.6, 1, 2],
  full: [0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1, 1.5, 2],
}
/** Times the replicas that we had in the mean. */
const FIXED = { sample: [1], quick: [1, 2], full: [1, 1.3, 1.7, 2.3] }

/** What Outrigger ships with: every other setting is drawn around it. */
export const DEFAULT = '0.8, window 300s'

/** Outrigger's settings: how full slots should be, at the default window and at others. */
export function ours(grain: Grain): Setting[] {
  return ['300s', ...OTHER_WINDOWS[grain]].flatMap(window =>
    UTILIZATION[grain].map(utilization => ({
      policy: 'outrigger',
      settings: { 'target-utilization': utilization, 'scale-down-window': window },
      words: `${utilization}, window ${window}`,
    })),
  )
}

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
  switch (rival) {
    case 'hpa':
      return percent('hpa-cpu', CPU[grain])
    case 'hpaConcurrency':
      return ofLimit('hpa-concurrency')
    case 'kpa':
      return percent('kpa', KPA[grain])
    case 'kpa300':
      return percent('kpa-300', KPA[grain])
    case 'keda':
      return ofLimit('keda')
    case 'fixed': {
      const counts = FIXED[grain].flatMap(x => [Math.floor(x * mean), Math.ceil(x * mean)])
      const some = [...new Set(counts.map(count => Math.max(1, count)))]
      return some.map(target => ({ policy: 'static', target, words: `${target}` }))
    }
  }
}

/** The scenario as a setting of Outrigger has it. */
export function scenarioOf(surge: Surge, settings: Setting['settings'] = {}): Scenario {
  return scenarioFrom({ ...surge, settings: { ...surge.settings, ...settings } })
}

/** Plays a setting with each seed; costs and shares are means over seeds. */
export function point(
  surge: Surge,
  { policy, target, settings, words }: Setting,
  { seeds, trace }: { seeds: readonly number[]; trace?: Trace },
): Point & { offered: number } {
  const sum = { offered: 0, bad: 0, lost: 0, replicaSeconds: 0 }
  for (const seed of seeds) {
    const { totals } = play(scenarioOf(surge, settings), {
      policy,
      limiter: 'outrigger',
      seed,
      ...(target === undefined ? {} : { target }),
      ...(trace === undefined ? {} : { trace }),
    })
    sum.offered += totals.offered
    sum.bad += totals.bad
    sum.lost += totals.lost
    sum.replicaSeconds += totals.replicaSeconds
  }
  const offered = Math.max(1, sum.offered)
  return {
    target: words,
    replicaSeconds: sum.replicaSeconds / seeds.length,
    bad: sum.bad / offered,
    lost: sum.lost / offered,
    offered: sum.offered,
  }
}
