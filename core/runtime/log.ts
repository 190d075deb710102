import { writeSync } from 'node:fs'

/** Diagnostics on stderr, one JSON object a line. The record of decisions is elsewhere (controller/record). */
export type Level = 'debug' | 'info' | 'warn' | 'error'
export type Log = (
  level: Level,
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void

const rank: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 }

export function jsonLog(component: string, least: Level = 'info'): Log {
  return (level, message, fields = {}) => {
    if (rank[level] < rank[least]) return
    const line = JSON.stringify({
      time: new Date().toISOString(),
      level,
      component,
      message,
      ...fields,
    })
    try {
      writeSync(2, `${line}\n`)
    } catch {
      // Nobody reads stderr any more (EPIPE) or it is full (EAGAIN): losing a line beats dying of it.
    }
  }
}

/** Says a thing the first time only; `again` forgets it, so that a new outage is said again. */
export function once(log: Log): { say: Log; again(message: string): void } {
  const said = new Set<string>()
  return {
    say(level, message, fields) {
      if (said.has(message)) return
      said.add(message)
      log(level, message, fields)
    },
    again: message => void said.delete(message),
  }
}

export function wordsOfError(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
