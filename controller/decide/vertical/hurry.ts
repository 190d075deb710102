import { log } from '../../../core/model/math.ts'
import type { Evidence } from './evidence.ts'
import { aheadOf, derive, remember } from './learn.ts'
import { measure, type Measure } from './measure.ts'
import { isBelowFirst, modelled, overshot, roomOf, step } from './raise.ts'
import { objectiveUs, raisedFrom } from './state.ts'
import { aimOf, reportingOf, tooLate, type Look, type Verdict } from './verdict.ts'
import { mayBeCold } from './warm.ts'

/** Answers of each replica: with fewer none can be called late or in time. More would cost long requests minutes. */
const FEW = 4
/** Below the first limit of an endpoint that configures none: there most would begin higher, on no answer at all. */
const FEW_BELOW = 2
/** Share of the time that the limit was reached: with less it is not what holds throughput. */
const HELD = 0.5

/**
 * A raise before all evidence is in: what has come so far, read as unfavourably as it can be, says that twice
 * the limit is better. Waiting would be the same raise later. Only for going on: an end waits for all of it.
 */
export function hurry(look: Look, whole: Evidence): Verdict | null {
  const replicas = reportingOf(look.inputs)
  const least = isBelowFirst(look) ? FEW_BELOW : FEW
  const few = whole.count < least * replicas || whole.seconds < replicas
  if (few || whole.guardSeconds > 0) return null
  const at = { ...look, state: { ...derive(look, whole), previous: raisedFrom(look.state) } }
  const us = objectiveUs(at.state, at.settings)
  if (us === null) return null
  const { price } = aimOf(at.state, at.settings)
  const aim = { objectiveUs: us / stretchOf(whole), price }
  const m = measure(whole, aim)
  if (m === null || m.bound < HELD) return null
  // A cache that warms up looks like a raise that pays.
  if (mayBeCold(look.state) && tooLate(m.late, m.count)) return null
  const { previous, limit } = at.state
  const fresh = previous === null ? 1 : 1 - previous.limit / limit
  const turns = (whole.count * whole.us) / whole.inFlight / replicas / fresh
  const worst = seenAs(whole, m, { part: 0, price, turns })
  if (overshot(at, worst) !== null) return null
  const { mean, variance } = remember(at.state, worst, at).elasticity
  const ahead = mean - Math.sqrt(variance)
  const pessimist = { ...at, state: { ...at.state, elasticity: { mean: ahead, variance } } }
  const read = { evidence: whole, measured: worst, aim, ahead }
  if (roomOf(pessimist, read) < 2 && modelled(pessimist, read) < 2) return null
  const measured = seenAs(whole, m, { part: 0.5, price, turns })
  const state = remember(at.state, measured, at)
  const likely = { evidence: whole, measured, aim, ahead: aheadOf(at.state, state) }
  const v = step({ ...at, state }, likely)
  return v.state.phase === 'cold' ? v : null
}

/** How what ended is to be read: see `seenAs`. */
interface Reading {
  part: number
  price: number
  turns: number
}

/** Variance of ln X when each slot has been used once: half of the answers more or less. */
const FIRST_TURN = 0.25

/**
 * While requests of before still end, throughput and service time lie between what was counted (`part` 0) and
 * what Little's law makes of those that have ended, who are the short ones (1). Tokens flow at once. Of the
 * first answers of each slot more are short than of later ones (renewal theory: by (cv^2 - 1) / 2 in all), so
 * `turns`, how often each slot was used over the share of slots that are new, says how unsure it is.
 */
export function seenAs(e: Evidence, m: Measure, { part, price, turns }: Reading): Measure {
  if (e.tokens > e.ok) return m
  const apart = log(stretchOf(e))
  const lnX = log(e.ok / e.us) + log(1_000_000) + part * apart
  const unsure = part * part * apart * apart + FIRST_TURN / (turns * turns)
  const lnU = m.lnU + lnX - m.lnX - price * (1 - part) * apart
  const varU = m.varU + unsure * (1 + price) * (1 + price)
  return { ...m, lnX, lnU, varX: m.varX + unsure, varU }
}

/** Times the mean of those that ended: the mean over all, by Little's law; above 1 also while a raised limit settles. */
function stretchOf(e: Evidence): number {
  return Math.max(1, e.inFlight / (e.ok + e.server) / (e.sum / e.count))
}
