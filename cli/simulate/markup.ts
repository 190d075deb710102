/** Markup as values. Text among the children, and in attributes, is always escaped: what comes from outside stays text. */
export interface Markup {
  readonly html: string
}

export type Child = Markup | string | number | null | readonly Child[]
export type Attributes = Readonly<Record<string, string | number>>

/** An element, well-formed as in XML: an empty one closes itself where HTML knows no end tag for it or in SVG. */
export function h(tag: string, attributes: Attributes = {}, ...children: readonly Child[]): Markup {
  const words = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`)
  const open = `<${tag}${words.join('')}`
  if (endless.has(tag)) return { html: `${open}/>` }
  return { html: `${open}>${joined(children)}</${tag}>` }
}

function joined(children: readonly Child[]): string {
  return children.map(written).join('')
}

function written(child: Child): string {
  if (child === null) return ''
  if (typeof child === 'string' || typeof child === 'number') return escaped(child)
  return 'html' in child ? child.html : joined(child)
}

/** Characters that XML knows no place for become a replacement. */
function escaped(text: string | number): string {
  return String(text)
    .toWellFormed()
    .replace(FORBIDDEN, '\ufffd')
    .replace(/[&<>"']/g, mark => `&#${mark.charCodeAt(0)};`)
}

const endless = new Set(['meta', 'path', 'line'])
const FORBIDDEN = /(?![\t\n\r])[\p{Cc}\ufffe\uffff]/gu
