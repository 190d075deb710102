import type { DecisionBody, Reason } from '../../core/model/decision.ts'
import type { ArmFold } from '../../core/model/windows.ts'

/** What one replica gave while a limit was in force. */
export interface Tried {
  limit: number
  /** Mean in flight, and successes (or tokens) a second. */
  n: number
  x: number
  /** Whether `x` counts tokens. */
  tokens: boolean
  /** Share of the time that the limit was reached: below a half, demand says more than the limit. */
  bound: number
  /** Answers behind it, replica-seconds, and when it was measured (ms). */
  answers: number
  seconds: number
  at: number
  /** Of ln x. */
  variance: number
}

/** The newest decision that weighed evidence. */
export interface Judged {
  at: number
  /** Of this limit, and what became of it. */
  limit: number
  to: number
  /** The first proposal: slope, double, model, guard. */
  rule: string
  numbers: Readonly<Record<string, number>>
  reasons: readonly Reason[]
}

export interface Notes {
  revision: string
  tried: readonly Tried[]
  judged: Judged | null
  /** Reasons of the newest decision about the limit. */
  reasons: readonly Reason[]
}

/** Limits of a revision that are remembered, the newest. */
const MOST = 60
/** Answers from which a limit's older measurement is given up for a newer one. */
const ENOUGH = 20

/**
 * What decisions about the limit taught, by endpoint, for people to see. All of it is in the log: after a
 * restart the newest decisions are read into it again.
 */
export class Notebook {
  private readonly pages = new Map<string, Notes>()

  take(body: DecisionBody): void {
    const { what, endpoint, revision, now, outcome, proposals, reasons } = body
    if (what !== 'limit') return
    const before = this.of(endpoint, revision)
    const first = proposals.find(({ rule }) => rule !== 'hold')
    const judged =
      first === undefined
        ? before.judged
        : {
            at: now,
            limit: outcome.from,
            to: outcome.to,
            rule: first.rule,
            numbers: first.numbers,
            reasons,
          }
    const tried = merged(before.tried, triedIn(body))
    this.pages.set(endpoint, { revision, tried, judged, reasons })
  }

  /** Only endpoints that are remembered. */
  keep(remembered: Pick<ReadonlyMap<string, unknown>, 'has'>): void {
    for (const endpoint of this.pages.keys()) {
      if (!remembered.has(endpoint)) this.pages.delete(endpoint)
    }
  }

  /** Of another revision nothing is known. */
  of(endpoint: string, revision: string): Notes {
    const page = this.pages.get(endpoint)
    return page?.revision === revision ? page : { revision, tried: [], judged: null, reasons: [] }
  }
}

/** One entry a limit, lowest first. */
function merged(before: readonly Tried[], now: readonly Tried[]): Tried[] {
  const byLimit = new Map(before.map(tried => [tried.limit, tried]))
  for (const tried of now) {
    if (tried.answers >= ENOUGH || !byLimit.has(tried.limit)) byLimit.set(tried.limit, tried)
  }
  return [...byLimit.values()]
    .toSorted((a, b) => b.at - a.at)
    .slice(0, MOST)
    .toSorted((a, b) => a.limit - b.limit)
}

function triedIn({ inputs, now }: DecisionBody): Tried[] {
  const byLimit = new Map<number, ArmFold[]>()
  for (const fold of inputs.folds) {
    if (fold.seconds > 0) byLimit.set(fold.limit, [...(byLimit.get(fold.limit) ?? []), fold])
  }
  return [...byLimit].flatMap(([limit, folds]) => triedOf(limit, folds, now) ?? [])
}

function triedOf(limit: number, folds: readonly ArmFold[], at: number): Tried | null {
  const sum = (of: (fold: ArmFold) => number): number =>
    folds.reduce((total, fold) => total + of(fold), 0)
  const us = sum(fold => fold.us)
  const answers = sum(fold => fold.service.count)
  const ok = sum(fold => fold.ok)
  const given = sum(fold => fold.tokensOut)
  const tokens = given > ok
  const x = ((tokens ? given : ok) * 1e6) / us
  if (us === 0 || answers < 2 || x === 0) return null
  const mean = sum(fold => fold.service.sum) / answers
  const second = sum(fold => Number(fold.service.squares)) / answers
  // As the learner reckons by Little's law: answers that differ much tell less.
  const spread = mean === 0 ? 1 : Math.max(0.25, second / (mean * mean) - 1)
  return {
    limit,
    n: sum(fold => fold.inFlightIntegral) / us,
    x,
    tokens,
    bound: sum(fold => fold.boundUs) / us,
    answers,
    seconds: sum(fold => fold.seconds),
    at,
    variance: spread / answers,
  }
}
