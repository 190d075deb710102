import { dirname, resolve } from 'node:path'
import { existsSync } from 'node:fs'
import {
  list,
  object,
  optional,
  text,
  that,
  map,
  type Infer,
  type Issue,
  type Schema,
} from '../../core/model/schema.ts'
import { milliseconds, nearest } from '../../core/model/units.ts'

/**
 * Traffic that `up` makes by itself, open loop: arrivals of a recorded trace, a steady rate, and surges on
 * top. For examples and tries; a real service has its own.
 */
const duration: Schema<string> = that(
  'a duration with its unit, such as 30s',
  v => milliseconds(v) !== null,
)
/** "4/s", "0.5/s", "30/min" in requests per second. */
function perSecond(value: unknown): number | null {
  const match = typeof value === 'string' ? /^(\d{1,6}(?:\.\d{1,3})?)\/(s|min)$/.exec(value) : null
  return match === null ? null : Number(match[1]) / (match[2] === 's' ? 1 : 60)
}
const rate: Schema<string> = that('a rate such as 20/s or 30/min', v => perSecond(v) !== null)
const positive: Schema<number> = that(
  'a number above 0',
  v => typeof v === 'number' && v > 0 && v <= 10_000,
)

export const trafficSchema = object(
  {
    endpoint: text(50),
    request: object(
      {
        method: optional(text(10, /^[A-Z]+$/, 'a method in capitals')),
        path: text(1000, /^\//, 'a path that begins with /'),
        /** One is chosen for each request, in turn. */
        bodies: optional(
          list(
            that('a mapping or a list', v => typeof v === 'object' && v !== null),
            1000,
          ),
        ),
        'bodies-file': optional(text(1000)),
        headers: optional(map(text(1000), 50)),
      },
      { strict: true },
    ),
    trace: optional(
      object(
        { file: text(1000), speed: optional(positive), share: optional(positive) },
        { strict: true },
      ),
    ),
    rate: optional(rate),
    surges: optional(
      list(
        object({ at: duration, for: duration, rate, every: optional(duration) }, { strict: true }),
        20,
      ),
    ),
  },
  { strict: true },
)

export interface Traffic {
  endpoint: string
  method: string
  path: string
  headers: Record<string, string>
  bodies: unknown[]
  bodiesFile: string | null
  trace: { file: string; speed: number; share: number } | null
  perSecond: number
  surges: { atMs: number; forMs: number; perSecond: number; everyMs: number | null }[]
}

export function readTraffic(
  raw: Infer<typeof trafficSchema>[],
  file: string,
  endpoints: ReadonlySet<string>,
  issues: Issue[],
): Traffic[] {
  return raw.map((entry, i) => {
    if (!endpoints.has(entry.endpoint)) {
      const hint = nearest(entry.endpoint, [...endpoints])
      issues.push({
        path: `traffic[${i}].endpoint`,
        expected: `an endpoint of this file${hint}`,
        got: JSON.stringify(entry.endpoint),
      })
    }
    const located = (key: string, name: string | undefined): string | null => {
      if (name === undefined) return null
      const found = resolve(dirname(file), name)
      if (!existsSync(found))
        issues.push({
          path: `traffic[${i}].${key}`,
          expected: 'a file that exists',
          got: JSON.stringify(name),
        })
      return found
    }
    const trace = located('trace.file', entry.trace?.file)
    return {
      endpoint: entry.endpoint,
      method: entry.request.method ?? 'POST',
      path: entry.request.path,
      headers: entry.request.headers ?? {},
      bodies: entry.request.bodies ?? [],
      bodiesFile: located('request.bodies-file', entry.request['bodies-file']),
      trace:
        trace === null
          ? null
          : { file: trace, speed: entry.trace?.speed ?? 1, share: entry.trace?.share ?? 1 },
      perSecond: perSecond(entry.rate ?? '0/s') ?? 0,
      surges: (entry.surges ?? []).map(surge => ({
        atMs: milliseconds(surge.at) ?? 0,
        forMs: milliseconds(surge.for) ?? 0,
        perSecond: perSecond(surge.rate) ?? 0,
        everyMs: surge.every === undefined ? null : milliseconds(surge.every),
      })),
    }
  })
}
