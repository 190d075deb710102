import type { Played } from '../../simulate/result.ts'
import type { Expectation, Range } from '../../simulate/scenario/expect.ts'
import { figuresOf } from './rows.ts'
import { number } from './words.ts'

/** One thing that was expected of one run, in words. */
export interface Outcome {
  scenario: string
  policy: string
  seed: number
  what: string
  met: boolean
}

export function verdict(met: boolean): string {
  return met ? 'met' : 'missed'
}

/** Everything that is expected of the policy of a run. */
export function judged(run: Played, expect: Expectation): Outcome[] {
  const { scenario, policy, seed } = run
  return [...measured(run, expect), ...reasonsIn(run, expect)].map(found => ({
    scenario,
    policy,
    seed,
    ...found,
  }))
}

type Found = Pick<Outcome, 'what' | 'met'>

function measured(run: Played, expect: Expectation): Found[] {
  const { desired } = run.seconds
  const { bad, lost, replicas, turns } = figuresOf(run)
  const goodput = run.totals.good / Math.max(1, run.totals.offered)
  const one = (what: string, got: number | undefined, range: Range | undefined): Found[] => {
    if (range === undefined) return []
    const [least, most] = range
    const met = got !== undefined && got >= least && got <= most
    const words = got === undefined ? 'never' : number(got)
    return [{ what: `${what}: expected ${number(least)} to ${number(most)}, got ${words}`, met }]
  }
  return [
    ...one('share of bad requests', bad, expect.bad),
    ...one('share of lost requests', lost, expect.lost),
    ...one('share of good answers', goodput, expect.goodput),
    ...one('mean replicas', replicas, expect.meanReplicas),
    ...one('changes of direction', turns, expect.directionChanges),
    ...expect.replicasAt.flatMap(({ second, range }) =>
      one(`replicas at ${second} s`, desired[second], range),
    ),
    ...one('fewest replicas', Math.min(...desired), expect.replicasBetween),
    ...one('most replicas', Math.max(...desired), expect.replicasBetween),
    ...one('first scaled up at, s', firstUp(desired), expect.firstUpAt),
  ]
}

function firstUp(desired: readonly number[]): number | undefined {
  const at = desired.findIndex((count, i) => count > (desired[i - 1] ?? count))
  return at < 0 ? undefined : at
}

function reasonsIn(run: Played, { reasons = [], notReasons = [] }: Expectation): Found[] {
  const said = (code: string): boolean => run.reasons.includes(code)
  return [
    ...reasons.map(code => ({ what: `says ${code}`, met: said(code) })),
    ...notReasons.map(code => ({ what: `never says ${code}`, met: !said(code) })),
  ]
}
