import { readFileSync } from 'node:fs'
import test from 'ava'
import { ourAnswer, ourRequests, type Reading } from './fuzz/ours.ts'

/** docs/http.md is walked, row by row: what it says of an input is what becomes of it. */
interface Row {
  section: string
  what: string
  bytes: string
  fate: string
}

const page = readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8')

function rows(): Row[] {
  let section = ''
  return page.split('\n').flatMap(line => {
    if (line.startsWith('## ')) section = line.slice(3)
    const [, what, cell, fate] = /^\| (.*?) \| (`.*) \| (.*?) \|$/.exec(line) ?? []
    if (what === undefined || cell === undefined || fate === undefined) return []
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

function fateOf({ end, status, messages }: Reading): string {
  if (status !== undefined) return String(status)
  if (end === 'compat') return end
  return messages.length > 0 && messages.every(({ whole }) => whole) ? 'fast' : 'unfinished'
}

function answerFate({ status, messages }: Reading): string {
  if (status !== undefined) return '502'
  return messages.length > 0 ? 'passed on' : 'unfinished'
}

const all = rows()

test('every section of the page has its rows', t => {
  const counts = new Map<string, number>()
  for (const { section } of all) counts.set(section, (counts.get(section) ?? 0) + 1)
  t.deepEqual([...counts.keys()], page.match(/(?<=^## )(Requests|Answers).*$/gm))
  t.true(all.length > 80, String(all.length))
})

for (const { section, what, bytes, fate } of all) {
  test(`${section}: ${what}: ${fate}`, t => {
    const each = Array.from({ length: Math.min(bytes.length, 3000) }, (_, i) => i)
    for (const cuts of [[], each]) {
      const found = section.startsWith('Requests')
        ? fateOf(ourRequests(bytes, cuts))
        : answerFate(ourAnswer(bytes, false, cuts))
      t.is(found, fate)
    }
  })
}
