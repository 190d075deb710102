import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { call, type Called } from '../core/runtime/call.ts'
import { wordsOfError } from '../core/runtime/log.ts'
import { HEADERS } from '../core/model/tables.ts'
import { Failure } from './command.ts'
import { exit } from './exit.ts'

/** Where a command finds the controller: --url, or what `outrigger up` wrote into the state folder. */
export const DEFAULT_STATE = '.outrigger'

/** The controller's URL. Throws Failure where none is known. */
export function controllerUrl(options: {
  url?: string | undefined
  state?: string | undefined
}): string {
  if (options.url !== undefined) return options.url.replace(/\/+$/, '')
  const file = join(options.state ?? DEFAULT_STATE, 'platform.json')
  if (!existsSync(file)) {
    throw new Failure(
      exit.unreachable.code,
      `No controller is known: there is no ${file}. Start \`outrigger up\`, or name it with --url or --state.`,
    )
  }
  const named = controllerIn(readFileSync(file, 'utf8'))
  if (named !== null) return named.replace(/\/+$/, '')
  throw new Failure(exit.badInput.code, `${file} names no controller. Name it with --url.`)
}

function controllerIn(text: string): string | null {
  try {
    const { controller } = JSON.parse(text) as { controller?: unknown }
    return typeof controller === 'string' ? controller : null
  } catch {
    return null
  }
}

/** The token of the state folder, or none. */
export function tokenOf(state: string | undefined): Record<string, string> {
  const file = join(state ?? DEFAULT_STATE, 'token')
  return existsSync(file) ? { [HEADERS.token]: readFileSync(file, 'utf8').trim() } : {}
}

export function unreachable(url: string, why: string): Failure {
  return new Failure(
    exit.unreachable.code,
    `The controller can't be reached at ${url} (${why}). Is \`outrigger up\` running?`,
  )
}

/** Asks the controller; a failed connection or an error answer is a Failure in words. */
export async function ask(
  method: string,
  url: string,
  options: { json?: unknown; headers?: Record<string, string> } = {},
): Promise<unknown> {
  const answer: Called = await call(method, url, options).catch((error: unknown) => {
    throw unreachable(url, wordsOfError(error))
  })
  if (answer.status >= 200 && answer.status < 300) return answer.json
  const said = answer.json as { error?: unknown } | null
  const words = typeof said?.error === 'string' ? said.error : `answered ${answer.status}`
  const codes: Record<number, number> = { 404: exit.notFound.code, 400: exit.badInput.code }
  throw new Failure(codes[answer.status] ?? exit.failed.code, `The controller says: ${words}.`)
}

/** `local/NAME` for a name without a namespace. */
export function endpointNamed(name: string): string {
  return name.includes('/') ? name : `local/${name}`
}

/** For people: `local/NAME` without its namespace, others whole. */
export function shortName(endpoint: string): string {
  return endpoint.replace(/^local\//, '')
}

/** ms since 1970 from a UTC time ("2026-01-31T03:12", "03:12" for today) or an age ("10m"). */
export function timeOf(text: string, now: number = Date.now()): number {
  const age = /^(\d{1,9})(s|m|h|d)$/.exec(text)
  if (age !== null) {
    const unit = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[
      age[2] as 's' | 'm' | 'h' | 'd'
    ]
    return now - Number(age[1]) * unit
  }
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?Z?$/.exec(text)
  const today = new Date(now).toISOString().slice(0, 10)
  const whole =
    clock === null
      ? text
      : `${today}T${(clock[1] ?? '').padStart(2, '0')}:${clock[2]}:${clock[3] ?? '00'}`
  // Times are UTC whether they say so or not.
  const time = Date.parse(
    /(Z|[+-]\d{2}:\d{2})$/.test(whole) || !whole.includes('T') ? whole : `${whole}Z`,
  )
  if (Number.isFinite(time)) return time
  const words = `'${text}' is no time. Write UTC, such as 2026-01-31T03:12:00Z or 03:12, or an age such as 10m.`
  throw new Failure(exit.badInput.code, words)
}
