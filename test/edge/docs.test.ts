import { readFileSync } from 'node:fs'
import test from 'ava'
import { rejectReasons } from '../../core/model/sample.ts'
import { variables } from '../../edge/env-table.ts'

const page = readFileSync(new URL('../../docs/edge.md', import.meta.url), 'utf8')

test('docs/edge.md lists every variable with its default and sentence, and no other', t => {
  for (const [name, { default: value, sentence }] of Object.entries(variables)) {
    const shown = value === null ? 'required' : value === '' ? 'none' : `\`${value}\``
    t.true(page.includes(`| \`${name}\` | ${shown} | ${sentence} |`), name)
  }
  const named = [...page.matchAll(/^\| `(OUTRIGGER_[A-Z_]+)`/gm)].map(match => match[1])
  t.deepEqual(new Set(named), new Set(Object.keys(variables)))
})

test('docs/edge.md names every reason for which a request is turned away', t => {
  for (const reason of rejectReasons) t.true(page.includes(`\`${reason}\``), reason)
})
