import { check, sentence } from '../core/model/schema.ts'
import type { Override } from '../core/model/decision.ts'
import { HEADERS, platform, type Platform, type ScaleRequest } from '../core/model/tables.ts'
import { call } from '../core/runtime/call.ts'
import { follow } from '../core/runtime/follow.ts'
import { once, type Log } from '../core/runtime/log.ts'
import type { Tried } from './act/actuator.ts'

/** Where replicas live: processes of `outrigger up`, or pods of a cluster. */
export interface PlatformLink {
  /** Gives each table, and the newest one at least every few seconds. */
  follow(take: (table: Platform) => void): { stop(): void }
  /** Asks for replicas; what is refused for good is not asked again. */
  scale(endpoint: string, want: ScaleRequest): Promise<Tried>
  /** Overrides that stand on the platform itself: they end when they are gone there. */
  overridesOf(endpoint: string): readonly Override[]
  /** A decision that changed something, where the platform shows it to people. */
  note?(endpoint: string, status: Told, epoch: number): void
}

export interface Told {
  /** Wanted, and the limit of each. */
  replicas: number
  limit: number
  /** Id of the decision, and when it was made (ms since 1970). */
  decision: string
  at: number
}

/** The platform of `outrigger up`: GET /v1/platform?follow=1, PUT /v1/platform/ENDPOINT. */
export function httpPlatform(url: string, token: string | null, log: Log): PlatformLink {
  const headers: Record<string, string> = token === null ? {} : { [HEADERS.token]: token }
  const said = once(log)
  const lost = "the platform can't be followed"
  return {
    follow: take =>
      follow({
        url: () => `${url}/v1/platform?follow=1`,
        headers,
        silenceMs: 10_000,
        line: value => {
          const result = check(platform, value)
          if (!result.ok) throw new Error(result.issues.slice(0, 3).map(sentence).join('; '))
          take(result.value)
        },
        opened: () => said.again(lost),
        lost: why => said.say('warn', lost, { why }),
      }),
    async scale(endpoint, want) {
      const to = `${url}/v1/platform/${endpoint}`
      const { status, json } = await call('PUT', to, { json: want, headers, timeoutMs: 5000 })
      if (status >= 200 && status < 300) return { done: true, again: false, words: `${status}` }
      const answer = typeof json === 'string' ? json : JSON.stringify(json)
      // 409: the platform moved on; the next tick decides on what it is now. Other 4xx would be refused again.
      const again = status >= 500 || status === 429
      return { done: false, again, words: `${status} ${answer}`.slice(0, 300).toWellFormed() }
    },
    overridesOf: () => [],
  }
}
