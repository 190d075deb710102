import type { Action, Decision } from './model.ts'

/** Numbers, times and decisions as people read them. Pure: tested in node. */

/** 0, 0.4, 12, 1,240, 18k. A number that is not there is a dash. */
export function number(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (size >= 100_000) return `${Math.round(value / 1000)}k`
  if (size >= 1000) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/, ',')
  if (size >= 10 || Number.isInteger(value)) return String(Math.round(value))
  const rounded = Math.round(value * 10) / 10
  return rounded === 0 && value > 0 ? '< 0.1' : String(rounded)
}

/** us as 850 us, 12 ms, 1.4 s. */
export function duration(us: number | null): string {
  if (us === null) return '–'
  if (us === 0) return '0 ms'
  if (us < 1000) return `${Math.round(us)} µs`
  if (us < 1_000_000) return `${number(us / 1000)} ms`
  return `${number(us / 1_000_000)} s`
}

/** 15:04:05, UTC. */
export function clock(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19)
}

/** 2026-03-01 15:04:05 UTC. */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** now, 12 s ago, 4 min ago, 3 h ago, 2 d ago. */
export function ago(ms: number, now: number): string {
  const seconds = Math.round((now - ms) / 1000)
  if (seconds < 2) return 'now'
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`
  return seconds < 86_400
    ? `${Math.round(seconds / 3600)} h ago`
    : `${Math.round(seconds / 86_400)} d ago`
}

/** digits of local/digits. */
export function shortName(endpoint: string): string {
  return endpoint.slice(endpoint.lastIndexOf('/') + 1)
}

/** In place of the table of endpoints; `told`: the controller has said that there are none. */
export function noEndpoints(told: boolean): string {
  return told
    ? 'No endpoint yet: annotate the pod template of a Deployment with outrigger.dev/inject: "true".'
    : 'Waiting for the first numbers…'
}

const signs: Record<Action, string> = {
  up: '↑',
  down: '↓',
  hold: '=',
  raise: '↑',
  cut: '↓',
  probe: '⇄',
}
export const signOf = (action: Action): string => signs[action]

/** Replicas 2 → 4; Limit stays 12; Limit compares 8 with 10. */
export function changeOf({ what, action, from, to }: Decision): string {
  const subject = what === 'replicas' ? 'Replicas' : 'Limit'
  if (action === 'probe') return `${subject} ${to}: compares`
  if (from === to) return what === 'replicas' ? `${subject} stay ${to}` : `${subject} stays ${to}`
  return `${subject} ${from} → ${to}`
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${number(n)} ${n === 1 ? one : many}`
}
