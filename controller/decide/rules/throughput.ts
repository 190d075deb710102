import type { Summary } from '../../../core/model/decision.ts'
import { isSaturated } from '../bounds/gain.ts'
import { windowOf, type Gain, type Sight } from '../replicas-state.ts'
import { needOf, NOISE, weighedOffered } from './demand.ts'
import type { Want } from './want.ts'

const ENOUGH = 10
/** What `Gain` counts in. */
const REFERENCE_SECONDS = 20
/** Of its share when there were fewer, less than this is no chance. */
const MOST_OF = 0.75

/**
 * Replicas that are busy, and turn requests away, show what one of them can do: arrivals over answers of each.
 * Demand says less there, for service time is longer the more is in flight, and where a limit leaves room for
 * that it is far from what it is in calm.
 */
export function byThroughput(sight: Sight): Want | null {
  const { inputs, state, limit } = sight
  const recent = windowOf(inputs, '3')
  const longer = windowOf(inputs, '20')
  if (state.overload === null || recent === null || longer === null) return null
  if (!isSaturated(recent) || recent.rejected === 0) return null
  // As many as were there all the time that the busy ones have been looked at.
  const ready = Math.min(inputs.replicas.ready, state.gain?.low ?? Infinity)
  const answered = Math.max(mostAnswered(recent), mostAnswered(longer))
  const offered = weighedOffered(recent, sight) / recent.seconds
  if (ready === 0 || answered === 0 || offered <= answered) return null
  if (isShared(answered / ready, ready, state.gain)) return null
  const atOnceMilli = Math.round((1000 * ready * limit.limit * offered) / answered)
  return {
    rule: 'throughput',
    needMilli: needOf(atOnceMilli, sight),
    numbers: {
      offeredMilli: Math.round(offered * 1000),
      answeredMilli: Math.round(answered * 1000),
      ready,
    },
  }
}

/** Each answers less than when they were fewer: they are busy with something that they share. */
function isShared(each: number, ready: number, gain: Gain | null): boolean {
  const reference = gain?.reference ?? null
  if (reference === null || reference.ready >= ready) return false
  return each < (MOST_OF * reference.ok) / (REFERENCE_SECONDS * reference.ready)
}

/** Answers a second that they may be able to give; 0 where too few came to tell. */
function mostAnswered({ ok, client, seconds }: Summary): number {
  const answers = ok + client
  return answers < ENOUGH ? 0 : (answers + NOISE * Math.sqrt(answers)) / Math.max(1, seconds)
}
