import type { Override } from '../core/model/decision.ts'
import type { PlatformEndpoint, PlatformReplica } from '../core/model/tables.ts'
import { plain } from '../core/model/plain.ts'
import { overrideWords } from './explain.ts'

/** A replica that starts is let start for so long before its reason is told. */
const STARTING_MS = 10_000
/** Reasons of replicas, each once. */
const MOST = 3

/**
 * What people have to know of an endpoint besides its numbers, in sentences: why there are fewer replicas
 * than asked for, or others than its template says, what waits elsewhere, and who decides instead. Empty
 * while all is as it should be. Pure.
 */
export function saysOf(
  { why, held, replicas }: PlatformEndpoint,
  overrides: readonly Override[],
  now: number,
): string[] {
  const says = [
    ...(why ? [sentence(why)] : []),
    ...waiting(replicas, now),
    ...(held
      ? [`${held} ${held === 1 ? 'request waits' : 'requests wait'} at the load balancer in front.`]
      : []),
    ...overrides.map(overrideWords),
  ]
  return says.map(plain)
}

/** Of replicas that wait for the same, one line. */
function waiting(replicas: readonly PlatformReplica[], now: number): string[] {
  const by = new Map<string, string[]>()
  for (const { replica, state, started, why } of replicas) {
    const starts = state === 'starting' && now - started >= STARTING_MS
    if (!why || !(starts || state === 'not-ready' || state === 'failed')) continue
    by.set(why, [...(by.get(why) ?? []), replica])
  }
  const reasons = [...by].toSorted(([, a], [, b]) => b.length - a.length)
  const rest = reasons.slice(MOST).reduce((sum, [, names]) => sum + names.length, 0)
  return [
    ...reasons
      .slice(0, MOST)
      .map(([words, [name, ...others]]) =>
        sentence(`${others.length === 0 ? name : `${others.length + 1} replicas`}: ${words}`),
      ),
    ...(rest === 0
      ? []
      : [`${rest} more ${rest === 1 ? 'is' : 'are'} not ready for other reasons.`]),
  ]
}

function sentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`
}
