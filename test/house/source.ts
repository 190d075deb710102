import { parseSync, visitorKeys } from 'oxc-parser'

/** Sources as the house rules see them: a path from the root with /, and the text. */
export interface Source {
  path: string
  text: string
}

export interface Node {
  type: string
  start: number
  end: number
  [key: string]: unknown
}

/** Calls `see` for every node with the nodes around it, innermost last. */
export function walk(source: Source, see: (node: Node, around: readonly Node[]) => void): void {
  const { program, errors } = parseSync(source.path, source.text)
  if (errors.length > 0) throw new Error(`${source.path}: ${errors[0]?.message}`)
  const around: Node[] = []
  const visit = (node: Node): void => {
    see(node, around)
    around.push(node)
    for (const key of visitorKeys[node.type] ?? []) {
      const child = node[key] as Node | null | undefined | (Node | null)[]
      for (const each of Array.isArray(child) ? child : [child]) if (each) visit(each)
    }
    around.pop()
  }
  visit(program as unknown as Node)
}

/** "path:line". */
export function place(source: Source, offset: number): string {
  return `${source.path}:${lineOf(source.text, offset)}`
}

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

export interface Import {
  /** As written; null for a dynamic import of something computed. */
  from: string | null
  names: string[]
  at: number
}

/** Every import, re-export and dynamic import. */
export function importsOf(source: Source): Import[] {
  const found: Import[] = []
  walk(source, node => {
    if (node.type === 'ImportExpression') {
      const from = node.source as Node
      const literal = from.type === 'Literal' && typeof from.value === 'string' ? from.value : null
      found.push({ from: literal, names: [], at: node.start })
    } else if (/^(Import|ExportAll|ExportNamed)Declaration$/.test(node.type) && node.source) {
      const from = (node.source as Node).value as string
      const specifiers = (node.specifiers ?? []) as { imported?: { name: string } }[]
      const names = specifiers.map(({ imported }) => imported?.name ?? '*')
      found.push({ from, names, at: node.start })
    }
  })
  return found
}
