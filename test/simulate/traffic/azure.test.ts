import { readFileSync } from 'node:fs'
import test from 'ava'
import { parseTrace, printTrace } from '../../../simulate/traffic/trace.ts'
import { taken } from './taken.ts'

const TRACES = new URL('../../../examples/traces/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, TRACES), 'utf8')
const sum = (all: readonly number[] | null): number => (all ?? []).reduce((a, b) => a + b, 0)

// Rows, span in ms and sums of tokens of the files that Azure published.
const files = [
  { kind: 'conv', rows: 19_366, lastMs: 3_501_721, context: 22_361_870, generated: 4_088_665 },
  { kind: 'code', rows: 8819, lastMs: 3_435_948, context: 18_059_974, generated: 245_896 },
]

for (const { kind, rows, lastMs, context, generated } of files) {
  const csv = read(`azure-llm-2023-${kind}.csv`)
  const trace = parseTrace(csv)

  test(`${kind}: every request and token of the original`, t => {
    t.is(trace.atUs.length, rows)
    t.is(trace.atUs.at(-1), lastMs * 1000)
    t.deepEqual([sum(trace.contextTokens), sum(trace.generatedTokens)], [context, generated])
    t.is(printTrace(trace), csv)
  })

  test(`${kind}: at several scales`, t => {
    t.deepEqual(taken({ trace: { file: kind } }, 3600, { trace }).at, [...trace.atUs])
    for (const scale of [0.1, 2.5, 10]) {
      const { at } = taken({ trace: { file: kind, scale } }, 3600, { trace })
      t.true(Math.abs(at.length - rows * scale) <= 1, `${scale}: ${at.length}`)
    }
    t.is(taken({ trace: { file: kind, speed: 60 } }, 60, { trace }).at.length, rows)
  })
}

test('the slice of the conversation trace is within the whole', t => {
  const whole = parseTrace(read('azure-llm-2023-conv.csv'))
  const slice = parseTrace(read('azure-llm-conv-10min.csv'))
  const pairs = (trace: typeof whole): string =>
    trace.atUs.map((_, i) => `${trace.contextTokens?.[i]}:${trace.generatedTokens?.[i]}`).join(' ')
  t.true(pairs(whole).includes(pairs(slice)))
})

test('the files are small, and their attribution is beside them', t => {
  const size = files.reduce((all, { kind }) => all + read(`azure-llm-2023-${kind}.csv`).length, 0)
  t.true(size < 600_000)
  const readme = read('README.md')
  for (const { kind } of files) t.true(readme.includes(`\`azure-llm-2023-${kind}.csv\``))
  for (const word of ['CC-BY 4.0', 'Microsoft', 'AzurePublicDataset', 'scripts/reduce-trace.ts']) {
    t.true(readme.includes(word), word)
  }
})
