import { readFile } from 'node:fs/promises'
import test from 'ava'

const TRACES = new URL('../../examples/traces/', import.meta.url)
const ROW = /^2023-11-16 18:4\d:\d\d\.\d{7},\d+,\d+$|^2023-11-16 18:50:\d\d\.\d{7},\d+,\d+$/

test('the trace is ten minutes in order, small, with its attribution beside it', async t => {
  const csv = await readFile(new URL('azure-llm-conv-10min.csv', TRACES), 'utf8')
  t.true(csv.length <= 200_000)
  const [header, ...rows] = csv.trimEnd().split('\r\n')
  t.is(header, 'TIMESTAMP,ContextTokens,GeneratedTokens')
  t.is(rows.length, 4_434)
  t.true(rows.every(row => ROW.test(row)))
  t.deepEqual(rows, rows.toSorted())
  const readme = await readFile(new URL('README.md', TRACES), 'utf8')
  for (const word of ['CC-BY 4.0', 'AzurePublicDataset', 'b469a113', 'Splitwise']) {
    t.true(readme.includes(word), word)
  }
})
