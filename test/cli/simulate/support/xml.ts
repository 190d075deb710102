/** Elements of a page that is written as XML: every one ends, in order, and no mark stands bare. Throws where not. */
export interface Element {
  tag: string
  attributes: Record<string, string>
  /** Of the element itself, without that of those within. */
  text: string
}

const TAG = /<(\/?)([a-z][a-z0-9]*)((?: [a-z-]+(?:[A-Z][a-z]+)*="[^"<>]*")*)(\/?)>/gy
const TEXT = /[^<>]*/y

export function elementsOf(page: string): Element[] {
  const source = page.replace(/^<!doctype html>\n/, '').trimEnd()
  const found: Element[] = []
  const open: Element[] = []
  let at = 0
  while (at < source.length) {
    TAG.lastIndex = at
    const match = TAG.exec(source)
    if (match === null) throw new Error(`no tag at ${JSON.stringify(source.slice(at, at + 80))}`)
    const [whole, end, tag = '', words = '', self] = match
    at += whole.length
    if (end === '/') {
      const last = open.pop()
      if (last?.tag !== tag) throw new Error(`</${tag}> ends <${last?.tag}>`)
    } else {
      const element: Element = { tag, attributes: attributesIn(words), text: '' }
      found.push(element)
      if (self !== '/') open.push(element)
    }
    TEXT.lastIndex = at
    const text =
      tag === 'style' && end === '' ? upTo(source, at, '</style>') : (TEXT.exec(source)?.[0] ?? '')
    at += text.length
    const around = open.at(-1)
    if (around !== undefined) around.text += tag === 'style' ? text : unescaped(text)
    else if (text.trim() !== '') throw new Error(`text outside: ${text}`)
  }
  if (open.length > 0) throw new Error(`never ended: ${open.map(({ tag }) => tag).join(' ')}`)
  return found
}

function attributesIn(words: string): Record<string, string> {
  const all = [...words.matchAll(/ ([a-zA-Z-]+)="([^"]*)"/g)].map(
    ([, name = '', value = '']) => [name, unescaped(value)] as const,
  )
  if (new Set(all.map(([name]) => name)).size < all.length) throw new Error(`twice in ${words}`)
  return Object.fromEntries(all)
}

function unescaped(text: string): string {
  if (/&(?!#\d+;)/.test(text)) throw new Error(`a bare & in ${JSON.stringify(text)}`)
  return text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
}

function upTo(source: string, at: number, end: string): string {
  const until = source.indexOf(end, at)
  return source.slice(at, until < 0 ? source.length : until)
}
