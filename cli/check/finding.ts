import { wordsOfError } from '../../core/runtime/log.ts'
import { checks, type CheckName } from './table.ts'

export interface Finding {
  check: CheckName
  level: 'ok' | 'warning' | 'failure'
  /** What it is about: a pod, an endpoint, a namespace; empty where the check says it. */
  about: string
  words: string
  /** Empty where all is well. */
  fix: string
}

export function fine(check: CheckName, words: string, about = ''): Finding {
  return { check, level: 'ok', about, words, fix: '' }
}

/** `fix` in place of the check's own. */
export function wrong(
  check: CheckName,
  level: 'warning' | 'failure',
  about: string,
  words: string,
  fix?: string,
): Finding {
  const [namespace = '', name = ''] = about.split('/')
  const values: Record<string, string> = { about, namespace, name }
  const own = checks[check].fix.replaceAll(/\{(\w+)\}/g, (_, key: string) => values[key] ?? '')
  return { check, level, about, words, fix: fix ?? own }
}

/** What was asked for, or why it is not known. */
export type Known<T> = { value: T } | { why: string }

export async function known<T>(asked: Promise<T>): Promise<Known<T>> {
  try {
    return { value: await asked }
  } catch (error) {
    return { why: wordsOfError(error) }
  }
}

/** One that could not be looked at is no failure of the cluster. */
export function unknown(check: CheckName, why: string, about = ''): Finding {
  const fix = 'Ask an administrator for the right to read it, or let one run this check.'
  return { check, level: 'warning', about, words: `Not known: ${why.replace(/\.$/, '')}.`, fix }
}

/** The findings of a fact, or that it is not known. */
export function ifKnown<T>(
  check: CheckName,
  fact: Known<T>,
  judge: (value: T) => Finding[],
): Finding[] {
  return 'value' in fact ? judge(fact.value) : [unknown(check, fact.why)]
}

/** One that is fine for all, where nothing is wrong. */
export function orFine(found: Finding[], check: CheckName, words: string): Finding[] {
  return found.length > 0 ? found : [fine(check, words)]
}

/** "1 pod", "2 pods". */
export function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

const FEW = 5

/** The first of many names. */
export function few(names: readonly string[]): string {
  const more = names.length > FEW ? ` and ${names.length - FEW} more` : ''
  return names.slice(0, FEW).join(', ') + more
}
