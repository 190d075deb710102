import { isMapping } from '../../../core/model/schema.ts'

/** JSON Patch (RFC 6902), of which two operations are enough. */
export interface JsonPatchOp {
  op: 'add' | 'replace'
  path: string
  value: unknown
}

type Step = string | number

/** Gathers changes to an object that stays as it is; maps and lists that a change needs are made first. */
export class Edits {
  readonly patch: JsonPatchOp[] = []
  private readonly object: unknown
  private readonly made = new Set<string>()

  constructor(object: unknown) {
    this.object = object
  }

  /** Sets a key of a map. */
  set(path: readonly Step[], value: unknown): void {
    this.makeMaps(path.slice(0, -1))
    const there = this.at(path)
    this.patch.push({ op: there === undefined ? 'add' : 'replace', path: pointer(path), value })
  }

  /** Adds to a list, at its start or its end; the list is made where there is none. */
  push(path: readonly Step[], value: unknown, where: 'first' | 'last'): void {
    const text = pointer(path)
    if (this.made.has(text) || Array.isArray(this.at(path))) {
      this.patch.push({ op: 'add', path: `${text}/${where === 'first' ? 0 : '-'}`, value })
      return
    }
    this.makeMaps(path.slice(0, -1))
    this.patch.push({ op: 'add', path: text, value: [value] })
    this.made.add(text)
  }

  private makeMaps(path: readonly Step[]): void {
    for (let length = 1; length <= path.length; length++) {
      const part = path.slice(0, length)
      const text = pointer(part)
      const there = this.at(part)
      if (this.made.has(text) || (there !== undefined && there !== null)) continue
      this.patch.push({ op: 'add', path: text, value: {} })
      this.made.add(text)
    }
  }

  private at(path: readonly Step[]): unknown {
    let value = this.object
    for (const step of path) {
      if (Array.isArray(value)) value = (value as unknown[])[Number(step)]
      else if (isMapping(value) && Object.hasOwn(value, step)) value = value[step]
      else return undefined
    }
    return value
  }
}

/** JSON Pointer (RFC 6901). */
function pointer(path: readonly Step[]): string {
  return path.map(step => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
