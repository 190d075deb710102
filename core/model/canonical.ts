/**
 * Canonical JSON (RFC 8785, JCS): the same value gives the same bytes everywhere, so it can be hashed,
 * signed and replayed. ECMAScript's own number and string forms are the ones that the RFC asks for.
 */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Throws a TypeError on what JSON cannot carry (undefined, NaN, functions, lone surrogates). */
export function canonical(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`not a JSON number: ${value}`)
    return `${value}`
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed())
      throw new TypeError('a string with a lone surrogate has no canonical form')
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object') throw new TypeError(`not JSON: ${typeof value}`)
  return objectText(value as Record<string, unknown>)
}

/** In one string that grows: every decision passes here more than once. */
function objectText(value: Record<string, unknown>): string {
  let text = ''
  // RFC 8785 3.2.3: by UTF-16 code units, which is how strings are sorted.
  for (const key of Object.keys(value).toSorted()) {
    text += `${text === '' ? '' : ','}${canonical(key)}:${canonical(value[key])}`
  }
  return `{${text}}`
}
