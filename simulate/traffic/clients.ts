import { bool, int, object, optional, type Infer } from '../../core/model/schema.ts'
import type { Clients } from '../patience.ts'
import type { Random } from '../random.ts'
import { duration, number, period, share, strict, us } from '../words.ts'

/** What clients do when they get no answer, as scenario files write it. */
export const clientsSpec = object(
  {
    /** A client waits so long for each try; without it, for ever. */
    timeout: optional(period),
    retries: optional(
      object(
        {
          /** How often a request is sent again at most. */
          times: int(1, 100),
          /** The wait before the first retry. */
          after: duration,
          /** Each further wait is so many times the one before: 2. */
          backoff: optional(number(1, 10)),
          /** A wait is off by up to this share of it, either way: 0.5. */
          jitter: optional(share),
          /** Whether a time-out is retried as a 429 is: true. */
          onTimeout: optional(bool),
        },
        strict,
      ),
    ),
  },
  strict,
)
export type ClientsFile = Infer<typeof clientsSpec>

/** A wait never grows beyond this, us. */
const LONGEST = 3_600_000_000

/**
 * Clients that send again after a 429 or their own time-out; any other failure is an answer to them.
 * Exponential backoff, the wait off by a random share of it either way, as in gRPC
 * (doc/connection-backoff.md) and cenkalti/backoff (RandomizationFactor 0.5).
 */
export function clientsOf(given: ClientsFile | null, random: Random): Clients {
  const timeoutUs = given?.timeout === undefined ? Infinity : us(given.timeout)
  const retries = given?.retries
  if (retries === undefined) return { timeoutUs, againUs: () => null }
  const { times, after, backoff = 2, jitter = 0.5, onTimeout = true } = retries
  return {
    timeoutUs,
    againUs(tries, how) {
      if (tries >= times || how === 'failed' || (how === 'timeout' && !onTimeout)) return null
      let wait = us(after)
      for (let i = 0; i < tries && wait < LONGEST; i++) wait *= backoff
      const off = 1 + jitter * (2 * random.uniform() - 1)
      return Math.round(Math.min(LONGEST, wait) * off)
    },
  }
}
