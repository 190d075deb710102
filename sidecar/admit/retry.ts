/** No client is sent away for longer, seconds. */
const LONGEST = 30
/** Nor is one asked back at once, seconds. */
const SHORTEST = 0.05

/**
 * Seconds after which a rejected client should come back: when those before it have drained at the
 * measured rate, spread by `jitter` (0 to 1) over as long again, so that they don't come back together.
 */
export function retryAfter(before: number, drainedPerSecond: number, jitter: number): number {
  const wait = drainedPerSecond > 0 ? (before + 1) / drainedPerSecond : LONGEST
  return Math.ceil(Math.min(LONGEST, Math.max(1, wait * (1 + Math.min(1, Math.max(0, jitter))))))
}

/** The same for clients that can wait for less than a second, ms (gRPC's grpc-retry-pushback-ms). */
export function pushbackMs(before: number, drainedPerSecond: number, jitter: number): number {
  const wait = drainedPerSecond > 0 ? (before + 1) / drainedPerSecond : LONGEST
  const spread = wait * (1 + Math.min(1, Math.max(0, jitter)))
  return Math.ceil(1000 * Math.min(LONGEST, Math.max(SHORTEST, spread)))
}
