import { wordsOfError, type Log } from '../../../core/runtime/log.ts'
import { systemTime, type Time } from './time.ts'

const FIRST_MS = 250
const LONGEST_MS = 5000

/**
 * Asks until there is an answer. Why there is none is said when it changes: the API server may be away first,
 * and forbid it then.
 */
export async function patiently<T>(
  log: Log,
  ask: () => Promise<T>,
  time: Time = systemTime,
): Promise<T> {
  let said = ''
  for (let tries = 0; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      const why = wordsOfError(error)
      if (why !== said) log('warn', 'waiting for the API server', { why })
      said = why
      const ms = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries, 10))
      await new Promise<void>(resolve => time.after(ms, resolve))
    }
  }
}
