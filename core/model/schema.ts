import { nearest } from './units.ts'

/**
 * A small schema language for what crosses a process boundary. A schema checks a value, reports every
 * error at once with its path, what was expected and what was got, and never throws. Checking only:
 * nothing is coerced, so what was checked is what was sent.
 */
export interface Issue {
  path: string
  expected: string
  got: string
}

export interface Schema<T> {
  /** What a good value is, in words. */
  readonly expected: string
  check(value: unknown, path: string, issues: Issue[]): void
  /** Carries T for `Infer`; never set. */
  readonly type?: T
}

export type Infer<S> = S extends Schema<infer T> ? T : never

export type Checked<T> = { ok: true; value: T } | { ok: false; issues: Issue[] }

/** More errors than this are noise. */
const MOST_ISSUES = 50

export function check<T>(schema: Schema<T>, value: unknown): Checked<T> {
  const issues: Issue[] = []
  schema.check(value, '', issues)
  return issues.length === 0 ? { ok: true, value: value as T } : { ok: false, issues }
}

export function sentence(issue: Issue): string {
  return `${issue.path === '' ? 'the whole' : issue.path}: expected ${issue.expected}, got ${issue.got}`
}

/** A value as shown in an error: short, and never a whole body. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string')
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'number' || typeof value === 'boolean' || value === null)
    return String(value)
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`
}

function fail(expected: string, value: unknown, path: string, issues: Issue[]): void {
  if (issues.length < MOST_ISSUES) issues.push({ path, expected, got: show(value) })
}

/** A schema from a yes-or-no question. */
export function that<T>(expected: string, good: (value: unknown) => boolean): Schema<T> {
  return {
    expected,
    check(value, path, issues) {
      if (!good(value)) fail(expected, value, path, issues)
    },
  }
}

export function int(min = 0, max: number = Number.MAX_SAFE_INTEGER): Schema<number> {
  const words =
    max === Number.MAX_SAFE_INTEGER ? `an integer from ${min}` : `an integer from ${min} to ${max}`
  return that(words, v => Number.isSafeInteger(v) && (v as number) >= min && (v as number) <= max)
}

export function text(
  max = 200,
  pattern?: RegExp,
  words = `a string of at most ${max} characters`,
): Schema<string> {
  return that(
    words,
    v => typeof v === 'string' && v.length <= max && (pattern === undefined || pattern.test(v)),
  )
}

export const bool: Schema<boolean> = that('true or false', v => typeof v === 'boolean')

export function oneOf<const T extends string | number>(...choices: readonly T[]): Schema<T> {
  return that(`one of ${choices.join(', ')}`, v => choices.includes(v as T))
}

export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  return {
    expected: `${schema.expected} or null`,
    check(value, path, issues) {
      if (value !== null) schema.check(value, path, issues)
    },
  }
}

/** A key that a peer of an older version may leave out. */
export function optional<T>(schema: Schema<T>): Schema<T | undefined> {
  return {
    expected: `${schema.expected} or nothing`,
    check(value, path, issues) {
      if (value !== undefined) schema.check(value, path, issues)
    },
  }
}

export function list<T>(
  of: Schema<T>,
  max: number,
  expected = `a list of at most ${max}`,
): Schema<T[]> {
  return {
    expected,
    check(value, path, issues) {
      if (!Array.isArray(value) || value.length > max) return fail(expected, value, path, issues)
      for (let i = 0; i < value.length; i++) of.check(value[i], `${path}[${i}]`, issues)
    },
  }
}

export function map<T>(
  of: Schema<T>,
  max: number,
  key: Schema<string> = text(),
): Schema<Record<string, T>> {
  const expected = `a mapping of at most ${max} entries`
  return {
    expected,
    check(value, path, issues) {
      if (!isMapping(value) || Object.keys(value).length > max)
        return fail(expected, value, path, issues)
      for (const [name, entry] of Object.entries(value)) {
        key.check(name, join(path, name), issues)
        of.check(entry, join(path, name), issues)
      }
    },
  }
}

type Fields = Record<string, Schema<unknown>>
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: undefined extends Infer<F[K]> ? K : never
}[keyof F]
export type Shape<F extends Fields> = { [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]> } & {
  [K in OptionalKeys<F>]?: Exclude<Infer<F[K]>, undefined>
}

/** A mapping of known keys. Unknown keys are let pass on the wire (a newer peer), and errors where `strict`. */
export function object<F extends Fields>(fields: F, { strict = false } = {}): Schema<Shape<F>> {
  const known = Object.entries(fields)
  return {
    expected: `a mapping with ${known.map(([name]) => name).join(', ')}`,
    check(value, path, issues) {
      if (!isMapping(value)) return fail('a mapping', value, path, issues)
      for (const [name, schema] of known) schema.check(value[name], join(path, name), issues)
      if (!strict) return
      const names = Object.keys(fields)
      for (const name of Object.keys(value)) {
        if (Object.hasOwn(fields, name)) continue
        const expected = `a known key (${names.join(', ')})${nearest(name, names)}`
        fail(expected, name, join(path, name), issues)
      }
    },
  }
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
