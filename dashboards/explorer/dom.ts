/** Elements with text. Nothing here takes markup: what comes from outside can only be text. */
export type Child = Node | string | null

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children.filter(child => child !== null))
  return made
}

const SVG = 'http://www.w3.org/2000/svg'

/** The same for a drawing. */
export function drawn(
  tag: string,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: Child[]
): SVGElement {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
  made.append(...children.filter(child => child !== null))
  return made
}

/** Sets text where it differs, so that a selection or a screen reader is not disturbed each second. */
export function say(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

export interface Part<T> {
  root: HTMLElement
  update(item: T): void
}

/** Keeps the children of `parent` equal to `items`: parts that stay are updated in place and keep their focus. */
export class Keyed<T> {
  private readonly parts = new Map<string, Part<T>>()
  private readonly parent: HTMLElement
  private readonly make: (item: T) => Part<T>

  constructor(parent: HTMLElement, make: (item: T) => Part<T>) {
    this.parent = parent
    this.make = make
  }

  show(items: readonly T[], keyOf: (item: T) => string): void {
    const wanted = new Set(items.map(keyOf))
    for (const [key, part] of this.parts) {
      if (wanted.has(key)) continue
      part.root.remove()
      this.parts.delete(key)
    }
    let before: Element | null = this.parent.firstElementChild
    for (const item of items) {
      const part = this.part(keyOf(item), item)
      if (part.root === before) before = before.nextElementSibling
      else this.parent.insertBefore(part.root, before)
      part.update(item)
    }
  }

  private part(key: string, item: T): Part<T> {
    const known = this.parts.get(key)
    if (known !== undefined) return known
    const made = this.make(item)
    this.parts.set(key, made)
    return made
  }
}
