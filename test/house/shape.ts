import { lineOf, place, walk, type Node, type Source } from './source.ts'

/** How long things may be, and words that do not belong into a source. */
export const LONGEST_FILE = 300
export const LONGEST_FUNCTION = 60
export const LARGEST_MEDIAN = 120

export function longFiles(sources: readonly Source[]): string[] {
  return sources
    .map(({ path, text }) => ({ path, lines: linesOf(text) }))
    .filter(({ lines }) => lines > LONGEST_FILE)
    .map(({ path, lines }) => `${path} has ${lines} lines`)
}

export function medianLines(sources: readonly Source[]): number {
  const lengths = sources.map(({ text }) => linesOf(text)).toSorted((a, b) => a - b)
  return lengths[Math.floor(lengths.length / 2)] ?? 0
}

function linesOf(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}

/** Functions by their own lines: what a function within them has is its own. */
export function longFunctions(sources: readonly Source[]): string[] {
  return sources.flatMap(source => {
    const own = new Map<Node, number>()
    walk(source, (node, around) => {
      if (!isFunction(node)) return
      const inner = lineOf(source.text, node.end) - lineOf(source.text, node.start)
      own.set(node, (own.get(node) ?? 0) + inner + 1)
      const outer = around.findLast(isFunction)
      if (outer !== undefined) own.set(outer, (own.get(outer) ?? 0) - inner)
    })
    return [...own]
      .filter(([, lines]) => lines > LONGEST_FUNCTION)
      .map(([node, lines]) => `${place(source, node.start)} is a function of ${lines} lines`)
  })
}

function isFunction(node: Node): boolean {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)
}

// Each is put together here, or this file would be the first to break its own rule.
const words: readonly [RegExp, string][] = [
  [new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`), 'an open end'],
  [/(?<![\w.$}*-])\/(home|root|Users|work)\/[\w.-]/, "a path of someone's machine"],
  [/\b[A-Z]:\\Users\\/, "a path of someone's machine"],
  [/\b(test|it)\.(skip|only|todo|failing)\b/, 'a test that does not count'],
  [/(oxlint|eslint)-disable(?!.* -- \S)/, 'a rule switched off without a reason after --'],
  [/@ts-(ignore|nocheck|expect-error)/, 'a type check switched off'],
]

export function strayWords(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, i) =>
        words
          .filter(([pattern]) => pattern.test(line))
          .map(([, what]) => `${path}:${i + 1} has ${what}`),
      ),
  )
}
