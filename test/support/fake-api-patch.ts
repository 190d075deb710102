/** Patches of the fake API server: merge (RFC 7386), JSON (RFC 6902), strategic and apply, near enough. */
export type Json = Record<string, unknown>

export type Patched =
  | { ok: true; object: Json }
  | { ok: false; status: number; reason: string; message: string }

interface Operation {
  op: string
  path: string
  value?: unknown
}

export function applied(object: Json, patch: unknown, type: string): Patched {
  const copy = structuredClone(object)
  if (type.includes('json-patch')) return operations(copy, patch as Operation[])
  if (type.includes('merge-patch') && !type.includes('strategic'))
    return { ok: true, object: merged(copy, patch, false) as Json }
  if (type.includes('strategic') || type.includes('apply-patch'))
    return { ok: true, object: merged(copy, patch, true) as Json }
  const message = `the body of the request was in an unknown format: ${type}`
  return { ok: false, status: 415, reason: 'UnsupportedMediaType', message }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function merged(target: unknown, patch: unknown, byName: boolean): unknown {
  if (byName && Array.isArray(patch) && Array.isArray(target)) return mergedList(target, patch)
  if (!isObject(patch)) return patch
  const out: Json = isObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key]
    else out[key] = merged(out[key], value, byName)
  }
  return out
}

/** Lists of named things are merged by name; any other is replaced. */
function mergedList(target: readonly unknown[], patch: readonly unknown[]): unknown[] {
  if (!patch.every(one => isObject(one) && typeof one.name === 'string')) return [...patch]
  const out = [...target]
  for (const one of patch as Json[]) {
    const at = out.findIndex(other => isObject(other) && other.name === one.name)
    if (at >= 0) out[at] = merged(out[at], one, true)
    else out.push(one)
  }
  return out
}

function operations(object: Json, list: readonly Operation[]): Patched {
  const refused = (message: string): Patched => ({
    ok: false,
    status: 422,
    reason: 'Invalid',
    message: `the server rejected our request due to an error in our request: ${message}`,
  })
  for (const { op, path, value } of list) {
    const keys = path
      .split('/')
      .slice(1)
      .map(key => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    const last = keys.pop() as string
    const parent = keys.reduce<unknown>((at, key) => (at as Json | undefined)?.[key], object)
    if (typeof parent !== 'object' || parent === null) return refused(`no ${path}`)
    const holder = parent as Json
    if (op !== 'add' && !(last in holder)) return refused(`no ${path}`)
    if (op === 'test') {
      if (JSON.stringify(holder[last]) !== JSON.stringify(value)) return refused(`test of ${path}`)
    } else if (Array.isArray(parent)) {
      const at = last === '-' ? parent.length : Number(last)
      if (op === 'remove') parent.splice(at, 1)
      else parent.splice(at, op === 'replace' ? 1 : 0, value)
    } else if (op === 'remove') delete holder[last]
    else holder[last] = value
  }
  return { ok: true, object }
}
