import { check, isMapping, show, type Schema } from '../../core/model/schema.ts'
import { byTime } from '../words.ts'

/** One of several mappings, by the word at `key`. */
export function tagged<T>(
  key: string,
  variants: Record<string, Schema<unknown>>,
  usual?: string,
): Schema<T> {
  const names = Object.keys(variants)
  const expected = `a mapping with ${key}: one of ${names.join(', ')}`
  return {
    expected,
    check(value, path, issues) {
      if (!isMapping(value)) return void issues.push({ path, expected, got: show(value) })
      const name = value[key] === undefined ? usual : value[key]
      const variant =
        typeof name === 'string' && Object.hasOwn(variants, name) ? variants[name] : undefined
      if (variant !== undefined) return variant.check(value, path, issues)
      const place = path === '' ? key : `${path}.${key}`
      issues.push({ path: place, expected: `one of ${names.join(', ')}`, got: show(value[key]) })
    },
  }
}

/** The same all the time, or from each time on another. */
export function numberOrByTime(of: Schema<number>): Schema<number | Record<string, number>> {
  const levels = byTime(of, 100)
  const expected = `${of.expected}, or such numbers by time`
  return {
    expected,
    check(value, path, issues) {
      if (isMapping(value) && Object.keys(value).length > 0) levels.check(value, path, issues)
      else if (!check(of, value).ok) issues.push({ path, expected, got: show(value) })
    },
  }
}

/** What a schema lets through, where this is true of it too. */
export function where<T>(of: Schema<T>, expected: string, good: (value: T) => boolean): Schema<T> {
  return {
    expected: of.expected,
    check(value, path, issues) {
      if (!check(of, value).ok) of.check(value, path, issues)
      else if (!good(value as T)) issues.push({ path, expected, got: show(value) })
    },
  }
}
