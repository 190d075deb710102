import type { Outcome, Proposal, Reason } from '../../core/model/decision.ts'
import { fixedWindowMs, longestPeriodMs, RECENT_MS, upWindowMs } from './bounds/behavior.ts'
import { count } from './bounds/bounded.ts'
import { climb, type Climb } from './bounds/bounds.ts'
import { HORIZON_MS, learn, LONGEST_MS } from './bounds/returns.ts'
import { event, remember } from './history.ts'
import { observe } from './observe.ts'
import { windowOf, type ReplicasState, type Sight, type Stamped } from './replicas-state.ts'
import { lasting, wants } from './rules/rules.ts'
import type { Want } from './rules/want.ts'
import type { Verdict } from './verdict.ts'
import { victims } from './victims.ts'

/** Peaks that are kept, the newest: of a large fleet's slow fall the highest go first. */
const MOST_PEAKS = 64

/**
 * How many replicas there should be: every rule proposes, the largest need wins, and a ladder of
 * bounds makes the count of it. Pure: the same sight gives the same bytes.
 */
export function horizontal(seen: Sight): { verdict: Verdict; state: ReplicasState } {
  const sight = { ...seen, state: observe(seen) }
  const voices = wants(sight)
  const winner = largest(voices)
  const lasts = lasting(voices)
  const climbed = climb(winner?.needMilli ?? 0, sight, lasts)
  const outcome = outcomeOf(climbed.to, sight)
  const verdict = {
    proposals: voices.map(proposal),
    bounds: climbed.steps,
    outcome,
    reasons: reasonsOf(winner, climbed, outcome, sight),
  }
  return { verdict, state: remembered(climbed, lasts, outcome, sight) }
}

function largest(voices: readonly Want[]): Want | null {
  return voices.reduce<Want | null>(
    (best, want) => (best === null || want.needMilli > best.needMilli ? want : best),
    null,
  )
}

function proposal({ rule, needMilli, numbers }: Want): Proposal {
  return { rule, wants: count(needMilli), numbers: { ...numbers, needMilli } }
}

function outcomeOf(to: number, { inputs, settings }: Sight): Outcome {
  const from = inputs.replicas.desired
  return {
    action: to > from ? 'up' : to < from ? 'down' : 'hold',
    from,
    to,
    victims: victims(inputs, from - to),
    order: null,
    act: to !== from && !settings['advise-only'],
  }
}

/** Why: what wanted more than there is, every bound that spoke, and what a hold rests on. */
function reasonsOf(
  winner: Want | null,
  { reasons: bounds }: Climb,
  { action, from, to }: Outcome,
  { settings }: Sight,
): Reason[] {
  const reasons: Reason[] = []
  if (winner !== null && (count(winner.needMilli) > from || action === 'down')) {
    reasons.push({
      code: winner.rule,
      numbers: { ...winner.numbers, replicas: count(winner.needMilli) },
    })
  }
  reasons.push(...bounds)
  if (settings['advise-only'] && action !== 'hold') reasons.push({ code: 'advise', numbers: {} })
  if (reasons.length === 0) reasons.push({ code: 'steady', numbers: { replicas: to } })
  return reasons
}

function remembered(climbed: Climb, wanted: number, outcome: Outcome, sight: Sight): ReplicasState {
  const { state, settings, now, inputs } = sight
  const fixedMs = fixedWindowMs(settings)
  const upMs = upWindowMs(settings)
  const first = state.highs.length === 0
  const need = first
    ? Math.max(climbed.rememberMilli, inputs.replicas.desired * 1000)
    : climbed.rememberMilli
  const periodMs = longestPeriodMs(settings)
  const change = outcome.act ? outcome.to - outcome.from : 0
  return {
    ...state,
    highs: remember(state.highs, need, now, fixedMs ?? LONGEST_MS, 1),
    recent: passing(state.recent ?? [], climbed, need, now),
    ...(windowOf(inputs, '20') === null ? {} : returned(state, wanted, now)),
    lows: remember(state.lows, climbed.recentMilli, now, upMs, -1),
    added: event(state.added, Math.max(0, change), now, periodMs),
    removed: event(state.removed, Math.max(0, -change), now, periodMs),
  }
}

/** What needs came back is learned from what was wanted: a bound that held replicas is no need. */
function returned(
  { peaks = [], returns = [] }: ReplicasState,
  wanted: number,
  now: number,
): Pick<ReplicasState, 'peaks' | 'returns'> {
  const levels = count(wanted) * 1000
  return {
    peaks: remember(peaks, levels, now, HORIZON_MS, 1).slice(-MOST_PEAKS),
    returns: learn(returns, peaks, levels, now),
  }
}

/** What is wanted beyond what lasts; an idle endpoint's list stays as it is. */
function passing(list: Stamped[], { recentMilli }: Climb, lasts: number, now: number): Stamped[] {
  if (recentMilli > lasts) return remember(list, recentMilli, now, RECENT_MS, 1)
  return list.filter(([at]) => at > now - RECENT_MS)
}
