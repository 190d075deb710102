import { shareBelow, type Evidence } from './evidence.ts'
import type { Aim, Measure } from './measure.ts'
import { bestRatio } from './model.ts'
import { FIRST_LIMIT, raisedFrom } from './state.ts'
import { between, cpuRoom, mayBeBatcher, pointOf, reason, tooLate } from './verdict.ts'
import type { Look, Verdict } from './verdict.ts'

/** Less room than this: the CPU is used up. */
const FULL = 0.1
/** Multiplying the limit at most multiplies the time of an answer by as much: 0.8 of the objective has to suffice. */
const FACTORS = [8, 4, 2]
const FILL = 0.8
/** For so many of the answers. */
export const ROOM = 0.96

/** What one limit of a cold start gave, and how it is read. `ahead`: the elasticity up to twice the limit. */
export interface Read {
  evidence: Evidence
  measured: Measure
  aim: Aim
  ahead: number
}

/** The next limit of a cold start: more where there is room, else the model's, or back; then it may be over. */
export function step(look: Look, read: Read): Verdict {
  const { state } = look
  const { measured: m } = read
  const from = state.limit
  const room = roomOf(look, read)
  const liked = Math.max(1, Math.round(from * (room > 1 ? room : modelled(look, read))))
  const model = liked > from && isBelowFirst(look) ? Math.max(liked, FIRST_LIMIT) : liked
  const back = overshot(look, m)
  // Throughput grows more below the last limit than from there to here: the model knows nothing of it.
  const known = Math.min(from, raisedFrom(state)?.limit ?? 1)
  const to = back ?? Math.max(model, known)
  const numbers = {
    earlyPermille: Math.round(m.early * 1000),
    latePermille: Math.round(m.late * 1000),
    xMilli: Math.round(m.x * 1000),
    elasticityMilli: Math.round(state.elasticity.mean * 1000),
  }
  const proposals = [{ rule: room > 1 ? 'double' : 'model', wants: model, numbers }]
  if (back !== null) proposals.push({ rule: 'overshoot', wants: back, numbers })
  // Before anything was raised it may be a cold cache that is slow: down, and up again when it is warm.
  const warms = raisedFrom(state) === null && to < from
  const done = !warms && (back !== null || to < 2 * from)
  return {
    wants: to,
    atLeast: Math.max(1, Math.floor(from * 0.35)),
    atMost: (FACTORS[0] ?? 2) * from,
    publish: true,
    next: done ? 'down' : 'none',
    proposals,
    reasons: [
      back !== null
        ? reason('overshoot', { from, to })
        : room > 1
          ? reason('double', { earlyPermille: numbers.earlyPermille, from, to })
          : reason(to === from ? 'learned' : 'model-step', { limit: to, from, to }),
    ],
    state: {
      ...state,
      phase: done ? 'steady' : 'cold',
      previous: done ? null : pointOf(from, m),
    },
  }
}

/** It was configured to begin lower than others do, which a given objective shows to be no danger: to where they begin. */
export function isBelowFirst({ state, settings }: Look): boolean {
  return settings['latency-objective'] !== null && state.limit < FIRST_LIMIT
}

/** How many times the limit may be at once: latency has room and throughput rises, or flat throughput proves nothing yet. */
export function roomOf(look: Look, { evidence, measured: m, aim }: Read): number {
  const { limit, elasticity } = look.state
  const batcher = mayBeBatcher(look, limit)
  const given = look.settings['latency-objective']
  if (batcher && given === null && m.late <= 0.5) return 2
  if (m.early <= ROOM || !(batcher || elasticity.mean > 0.15)) return 1
  // A derived objective is a guess from the first few answers: too little to leap by.
  const us = given === null ? null : aim.objectiveUs
  const fits = (by: number): boolean =>
    us !== null && shareBelow(evidence.histogram, (FILL * us) / by) > ROOM
  return FACTORS.find(fits) ?? 2
}

/** The model's step; with many late or a full CPU never up unless the last raise clearly paid. */
export function modelled(look: Look, { evidence, measured: m, aim, ahead }: Read): number {
  const { elasticity } = look.state
  const previous = raisedFrom(look.state)
  const down = Math.min(1, bestRatio(evidence.histogram, elasticity.mean, aim))
  const best = Math.max(down, bestRatio(evidence.histogram, Math.min(1, ahead), aim))
  const late = tooLate(m.late, m.count)
  if (!late && cpuRoom(look) > FULL) return best
  if (previous === null) return late ? 0.5 : Math.min(1, best)
  const paid = m.lnU - previous.lnU > Math.sqrt(m.varU + previous.varU)
  return paid ? best : Math.min(1, best)
}

/** The limit to go back to when the last raise lost, or null. */
export function overshot(look: Look, m: Measure): number | null {
  const { limit } = look.state
  const previous = raisedFrom(look.state)
  const half = m.late > 0.5 && m.count >= 15
  if (previous === null) return half ? Math.max(1, Math.round(limit / 2)) : null
  const error = Math.sqrt(m.varU + previous.varU)
  const lost = m.bound > 0.3 && m.lnU < previous.lnU - Math.max(0.02, error)
  return half || (lost && !mayBeBatcher(look, limit)) ? between(previous.limit, limit) : null
}
