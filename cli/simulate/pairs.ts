import { OURS } from './rows.ts'

/** Which limiters go with which autoscalers, and how a pair is called. */
interface Pair {
  policy: string
  limiter: string
}

const STATIC = 'static'

/**
 * Our limiter stands for what belongs to an autoscaler: with rivals it is what they bring along. Limiters of
 * other projects limit a fixed number of replicas.
 */
export function fits({ policy, limiter }: Pair): boolean {
  return limiter === OURS || policy === STATIC
}

/** Each with each that fits. */
export function pairsOf(policies: readonly string[], limiters: readonly string[]): Pair[] {
  const each = [...new Set(limiters)]
  return [...new Set(policies)]
    .flatMap(policy => each.map(limiter => ({ policy, limiter })))
    .filter(fits)
}

/** What would never be played, in words. */
export function unpaired(policies: readonly string[], limiters: readonly string[]): string[] {
  if (policies.length === 0 || limiters.length === 0)
    return ['expected at least one policy and one limiter, got none']
  const pairs = pairsOf(policies, limiters)
  const lonely = (names: readonly string[], of: keyof Pair): string[] =>
    names.filter(name => !pairs.some(pair => pair[of] === name))
  return [
    ...lonely(policies, 'policy').map(
      name => `policy ${name}: expected limiter ${OURS}, got ${limiters.join(', ')}`,
    ),
    ...lonely(limiters, 'limiter').map(
      name => `limiter ${name}: expected policy ${STATIC}, got ${policies.join(', ')}`,
    ),
  ]
}

/** For the table. */
export function limiterIn({ policy, limiter }: Pair): string {
  return policy === OURS || policy === STATIC ? limiter : '-'
}

export function runName({ policy, limiter }: Pair): string {
  return policy === STATIC ? `${policy}, limiter ${limiter}` : policy
}
