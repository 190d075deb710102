import { isIPv6 } from 'node:net'
import { address } from '../model/names.ts'
import { check, sentence, show, type Issue } from '../model/schema.ts'
import type { Level } from './log.ts'

/** What the configurations of all components share. Reads nothing itself: texts are passed in. */

export interface Address {
  /** Without the brackets of IPv6. */
  host: string
  /** 0: the kernel chooses. */
  port: number
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly Level[]

/** What a person gave is wrong: every error at once, in words. */
export class BadConfig extends Error {
  readonly issues: readonly Issue[]
  constructor(message: string, issues: readonly Issue[] = []) {
    super(message)
    this.issues = issues
  }
}

/** Throws BadConfig with a line an issue, if there is one. */
export function refuseAny(issues: readonly Issue[], component: string): void {
  if (issues.length === 0) return
  const lines = issues.map(issue => `  ${sentence(issue)}`).join('\n')
  throw new BadConfig(
    `The configuration of the ${component} is wrong:\n${lines}\nSee docs/${component}.md.`,
    issues,
  )
}

/** Of a good host:port. */
export function splitAddress(text: string): Address {
  const colon = text.lastIndexOf(':')
  return {
    host: text.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(text.slice(colon + 1)),
  }
}

/**
 * Like the other readers here: notes what is wrong, and gives something of its type all the same. An IPv6 host
 * needs no brackets, because Kubernetes writes `$(POD_IP):8080` without: what follows the last colon is the port.
 */
export function readAddress(name: string, given: string, issues: Issue[]): Address {
  const split = splitAddress(given)
  // Node's first look at an IPv6 address takes 6 ms, so it is asked of none that can't be one, or is said to be one.
  const bare = split.host.includes(':') && !given.startsWith('[') && isIPv6(split.host)
  const text = bare ? `[${split.host}]:${given.slice(split.host.length + 1)}` : given
  const wrong = (expected: string): void =>
    void issues.push({ path: name, expected, got: show(given === '' ? undefined : given) })
  if (!check(address, text).ok) wrong(address.expected)
  else if (split.port > 65_535) wrong('a port of at most 65535')
  return split
}

/** OUTRIGGER_LOG_LEVEL. */
export function readLevel(text: string, issues: Issue[]): Level {
  const level = LEVELS.find(one => one === text)
  if (level !== undefined) return level
  const expected = `one of ${LEVELS.join(', ')}`
  issues.push({ path: 'OUTRIGGER_LOG_LEVEL', expected, got: show(text) })
  return 'info'
}

/** OUTRIGGER_PARENT: whether the process exits when its standard input ends. */
export function readParent(text: string, issues: Issue[]): boolean {
  if (text !== '' && text !== 'stdin')
    issues.push({ path: 'OUTRIGGER_PARENT', expected: 'stdin or nothing', got: show(text) })
  return text === 'stdin'
}
