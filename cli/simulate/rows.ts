import type { Played } from '../../simulate/result.ts'

/** The runs of one policy and one limiter on a scenario, one for each seed, as one row. */
export interface Row {
  policy: string
  limiter: string
  seeds: number[]
  mean: Figures
  /** Standard deviation over the seeds; null where there is one. */
  spread: Figures | null
  /** null: it is ours, ours did not run, or neither has a bad request. */
  ratio: Ratio | null
}

/** Times are us, shares are of 1. */
export interface Figures {
  requests: number
  bad: number
  lost: number
  rejections: number
  replicas: number
  replicaSeconds: number
  wait50: number
  wait95: number
  wait99: number
  response50: number
  response95: number
  response99: number
  /** Good answers a second. */
  goodput: number
  turns: number
}

/** Bad requests of a rival for each of ours. */
export interface Ratio {
  /** Infinity: we have none. */
  value: number
  /** The rival has hardly any itself: the ratio says little. */
  nearZero: boolean
}

export const OURS = 'outrigger'
/** A rival below either, on average of its runs, is near zero. */
export const FEW = { requests: 10, share: 0.001 }

/** By what `keyOf` says, in the order in which they came. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return [...groups.values()]
}

export function byScenario(played: readonly Played[]): Played[][] {
  return grouped(played, run => run.scenario)
}

export function byChoice(played: readonly Played[]): Played[][] {
  return grouped(played, run => JSON.stringify([run.policy, run.limiter]))
}

/** Rows of the runs of one scenario. */
export function rowsOf(played: readonly Played[]): Row[] {
  const groups = byChoice(played)
  return groups.flatMap(runs => {
    const [run] = runs
    if (run === undefined) return []
    const figures = runs.map(figuresOf)
    return {
      policy: run.policy,
      limiter: run.limiter,
      seeds: runs.map(({ seed }) => seed),
      mean: each(figures, mean),
      spread: runs.length === 1 ? null : each(figures, deviation),
      ratio: ratioOf(runs, groups),
    }
  })
}

export function figuresOf({ seconds, totals }: Played): Figures {
  const { offered, wait, response } = totals
  const length = Math.max(1, seconds.offered.length)
  return {
    requests: offered,
    bad: totals.bad / Math.max(1, offered),
    lost: totals.lost / Math.max(1, offered),
    rejections: totals.rejections,
    replicas: totals.replicaSeconds / length,
    replicaSeconds: totals.replicaSeconds,
    wait50: wait.p50,
    wait95: wait.p95,
    wait99: wait.p99,
    response50: response.p50,
    response95: response.p95,
    response99: response.p99,
    goodput: totals.good / length,
    turns: totals.directionChanges,
  }
}

function each(all: readonly Figures[], fold: (values: number[]) => number): Figures {
  const [first] = all
  const entries = Object.keys(first ?? {}).map(key => [
    key,
    fold(all.map(figures => figures[key as keyof Figures])),
  ])
  return Object.fromEntries(entries) as Figures
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function deviation(values: readonly number[]): number {
  const middle = mean(values)
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0)
  return Math.sqrt(squares / (values.length - 1))
}

/** A rival is compared with our autoscaler under the same limiter, else under the first that it ran with. */
function ratioOf(rival: readonly Played[], groups: readonly (readonly Played[])[]): Ratio | null {
  if (rival[0]?.policy === OURS) return null
  const ours = groups.filter(([run]) => run?.policy === OURS)
  const against = ours.find(([run]) => run?.limiter === rival[0]?.limiter) ?? ours[0]
  if (against === undefined) return null
  const bad = (runs: readonly Played[]): number => mean(runs.map(({ totals }) => totals.bad))
  const [theirs, own] = [bad(rival), bad(against)]
  if (theirs === 0 && own === 0) return null
  const offered = mean(rival.map(({ totals }) => totals.offered))
  return {
    value: own === 0 ? Infinity : theirs / own,
    nearZero: theirs < FEW.requests || theirs < FEW.share * offered,
  }
}
