import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { variables as edge } from '../../edge/env-table.ts'
import { trafficVariables } from '../../sidecar/env-traffic.ts'
import { variables as sidecar } from '../../sidecar/env-table.ts'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/http.md', root), 'utf8')
const ROW = /^\| [^|]+ \| `(OUTRIGGER_\w+)` \| ([^|]*) \| (?:([^|]*) )?\| [^|]+ \|$/gm
const rows = [...page.matchAll(ROW)].map(([, name = '', here = '', there = '']) => ({
  name,
  sidecar: here,
  edge: there,
}))
const bounds = [...Object.keys(trafficVariables), 'OUTRIGGER_MAX_UPGRADES']

/** What is written below these folders. */
function written(...folders: string[]): string {
  return folders
    .flatMap(folder => {
      const at = new URL(`test/${folder}/`, root)
      const files = readdirSync(at, { recursive: true, encoding: 'utf8' })
      return files
        .filter(file => file.endsWith('.ts') && !file.includes('config.test'))
        .map(file => readFileSync(new URL(file, at), 'utf8'))
    })
    .join('\n')
}

test('docs/http.md lists each bound of the sidecar once, and no other', t => {
  t.deepEqual(rows.map(({ name }) => name).toSorted(), bounds.toSorted())
})

test('with the defaults of the sidecar and of the edge', t => {
  const known = (table: object, name: string): string | undefined =>
    (Reflect.get(table, name) as { default: string } | undefined)?.default
  for (const row of rows) {
    t.is(row.sidecar, `\`${known(sidecar, row.name)}\``, row.name)
    const there = known(edge, row.name)
    if (there === undefined) t.notRegex(row.edge, /`/, row.name)
    else t.true(row.edge.startsWith(`\`${there}\``), row.name)
  }
})

test('each is set to something else in a test of the component that has it', t => {
  const tests = { sidecar: written('sidecar', 'e2e'), edge: written('edge', 'e2e') }
  for (const { name } of rows) {
    t.true(tests.sidecar.includes(`${name}:`), `sidecar: ${name}`)
    if (name in edge) t.true(tests.edge.includes(`${name}:`), `edge: ${name}`)
  }
})
