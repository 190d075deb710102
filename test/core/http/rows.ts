import { readFileSync } from 'node:fs'

/** A row of docs/http.md. */
export interface Row {
  section: string
  what: string
  bytes: string
  fate: string
}

export const page = readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8')

export function rows(): Row[] {
  let section = ''
  return page.split('\n').flatMap(line => {
    if (line.startsWith('## ')) section = line.slice(3)
    const [, what, cell, fate] = /^\| (.*?) \| (`.*) \| (.*?) \|$/.exec(line) ?? []
    if (section === 'Bounds' || what === undefined || cell === undefined || fate === undefined)
      return []
    return [{ section, what, bytes: bytesOf(cell), fate }]
  })
}

/** Code spans, each perhaps so many times, as the bytes that they show. */
function bytesOf(cell: string): string {
  return [...cell.matchAll(/`([^`]+)`(?: × (\d+))?/g)]
    .map(([, part = '', times = '1']) => unescaped(part).repeat(Number(times)))
    .join('')
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(x[0-9a-f]{2}|.)/g, (_, what: string) => {
    if (what.startsWith('x')) return String.fromCharCode(Number.parseInt(what.slice(1), 16))
    return { r: '\r', n: '\n', t: '\t' }[what] ?? what
  })
}
