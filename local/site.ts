import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Clock } from '../core/runtime/clock.ts'
import type { Guardian } from './guardian.ts'

/** What everything that `up` starts has in common. */
export interface Site {
  /** Where all state lies. */
  folder: string
  host: string
  clock: Clock
  guardian: Guardian
  /** How to start our own components: node, its flags, cli/main. */
  outrigger: string[]
  /** What children inherit: the environment without OUTRIGGER_*. */
  environment: Record<string, string>
  token: string
  rootPublicKey: string
  /** The last non-empty line of a log file, at most 300 characters; '' when there is none. */
  lastLine(file: string): string
}

export function lastLine(file: string): string {
  try {
    const handle = openSync(file, 'r')
    try {
      const { size } = fstatSync(handle)
      const buffer = Buffer.alloc(Math.min(size, 8192))
      readSync(handle, buffer, 0, buffer.length, size - buffer.length)
      const all = buffer
        .toString('utf8')
        .split('\n')
        .filter(line => line.trim() !== '')
      // A stack trace ends in frames; its message is what a person wants.
      const words =
        all.findLast(line => /error/i.test(line) && !/^\s+at /.test(line)) ?? all.at(-1) ?? ''
      return words.trim().slice(0, 300)
    } finally {
      closeSync(handle)
    }
  } catch {
    return ''
  }
}
