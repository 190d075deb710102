import { readFileSync, writeFileSync } from 'node:fs'
import { fuzz, minimised, type Case } from './fuzzer.ts'

/** `node test/core/http/fuzz/main.ts [CASES [SEED]] [--corpus]`: many more cases; --corpus keeps what was new in them. */
const [cases = '1000000', seed = '1'] = process.argv.slice(2).filter(word => !word.startsWith('--'))
const file = new URL('corpus.json', import.meta.url)
const known = JSON.parse(readFileSync(file, 'utf8')) as Case[]
const started = performance.now()
const run = fuzz(Number(cases), Number(seed), known)
const seconds = Math.round((performance.now() - started) / 1000)
const { taken, framings, corpus, differences } = run
process.stdout.write(
  `${JSON.stringify({ cases, seed, seconds, taken, framings, ways: corpus.size })}\n`,
)
for (const one of differences) process.stdout.write(`${one}\n`)
if (process.argv.includes('--corpus')) {
  const all = [...corpus.values()].map(minimised)
  const distinct = new Map(all.map(one => [JSON.stringify(one), one]))
  const sorted = [...distinct.keys()].toSorted()
  writeFileSync(file, `[\n${sorted.map(one => `  ${one}`).join(',\n')}\n]\n`)
}
process.exitCode = differences.length === 0 ? 0 : 1
