import { isMapping } from '../../../core/model/schema.ts'
import type { JsonPatchOp } from './patch.ts'

/** A copy of the object with the patch applied, as the API server does it. Throws where a path leads nowhere. */
export function applied(object: unknown, patch: readonly JsonPatchOp[]): unknown {
  const copy: unknown = structuredClone(object)
  for (const { op, path, value } of patch) {
    const steps = path
      .split('/')
      .slice(1)
      .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    const last = steps.pop() ?? ''
    const parent = steps.reduce<unknown>(
      (at, step) => (at === undefined ? at : child(at, step)),
      copy,
    )
    const there = child(parent, last) !== undefined
    if (op === 'replace' && !there) throw new Error(`nothing to replace at ${path}`)
    // A value of its own: later operations may change what an earlier one brought.
    place(parent, last, structuredClone(value), op, path)
  }
  return copy
}

function child(parent: unknown, step: string): unknown {
  if (Array.isArray(parent)) return (parent as unknown[])[Number(step)]
  return isMapping(parent) && Object.hasOwn(parent, step) ? parent[step] : undefined
}

function place(
  parent: unknown,
  step: string,
  value: unknown,
  op: JsonPatchOp['op'],
  path: string,
): void {
  if (Array.isArray(parent)) {
    const at = step === '-' ? parent.length : Number(step)
    if (!Number.isInteger(at) || at > parent.length) throw new Error(`no place at ${path}`)
    parent.splice(at, op === 'replace' ? 1 : 0, value)
  } else if (isMapping(parent)) parent[step] = value
  else throw new Error(`nothing to add to at ${path}`)
}
