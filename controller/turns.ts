import type { Sight } from './tick.ts'

/** So many are decided in one tick whatever their share of the fleet is. */
const AT_LEAST = 100
/** Ticks over which a fleet that became due together is spread; less than decide-every, so that nobody falls behind. */
const TICKS = 4

/**
 * Those that are decided now. A fleet is due all at once after a start, and from then on every five seconds: a
 * tick of seconds, in which nothing else of the controller goes on. Taken in turn, it stays spread. Who wakes
 * from zero comes first, then who was never decided, then who waits longest.
 */
export function inTurn(due: Sight[], endpoints: number): Sight[] {
  const most = Math.max(AT_LEAST, Math.ceil(endpoints / TICKS))
  if (due.length <= most) return due
  const since = ({ remembered, observed }: Sight): number =>
    observed.activate ? -Infinity : (remembered.decided ?? 0)
  return due.toSorted((a, b) => since(a) - since(b) || 0).slice(0, most)
}
