import test from 'ava'
import { HTTP2 } from '../../../core/http/request.ts'
import { page, rows } from './rows.ts'
import { ourAnswer, ourRequests, type Reading } from './fuzz/ours.ts'

/** docs/http.md is walked, row by row: what it says of an input is what becomes of it. */
function fateOf({ end, status, messages }: Reading): string {
  if (end === HTTP2.why) return 'h2'
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
