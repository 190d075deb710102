import { readFileSync, writeFileSync } from 'node:fs'
import { startCoverage } from './coverage.ts'
import { fuzz, minimised, seeds, type Case } from './fuzzer.ts'
import { guided } from './guided.ts'

/**
 * `node test/core/http/fuzz/main.ts [CASES [SEED]] [--corpus]`: many more cases; --corpus keeps what was new in them.
 * `... --guided [SECONDS [SEED]] [--corpus]`: for so long by what the parser is made to do, which is slower.
 */
const [many, seed = '1'] = process.argv.slice(2).filter(word => !word.startsWith('--'))
const asked = (word: string): boolean => process.argv.includes(`--${word}`)
const file = (name: string): URL => new URL(`${name}.json`, import.meta.url)
const read = (name: string): Case[] => JSON.parse(readFileSync(file(name), 'utf8')) as Case[]
const started = performance.now()
const seconds = (): number => Math.round((performance.now() - started) / 1000)

function write(name: string, cases: readonly Case[]): void {
  const distinct = new Set(cases.map(one => JSON.stringify(one)))
  const lines = [...distinct].toSorted().map(one => `  ${one}`)
  writeFileSync(file(name), `[\n${lines.join(',\n')}\n]\n`)
}

function byChance(): string[] {
  const run = fuzz(Number(many ?? 1_000_000), Number(seed), read('corpus'))
  const { cases, taken, framings, corpus, differences } = run
  tell({ cases, seed, seconds: seconds(), taken, framings, ways: corpus.size })
  if (asked('corpus')) write('corpus', [...corpus.values()].map(minimised))
  return differences
}

function byCoverage(): string[] {
  const end = started + Number(many ?? 60) * 1000
  const start = [...seeds, ...read('corpus'), ...read('guided')]
  const run = guided(startCoverage(), Number(seed), start, () => performance.now() < end)
  const { cases, features, corpus, differences } = run
  tell({ cases, seed, seconds: seconds(), features, corpus: corpus.length })
  if (asked('corpus')) write('guided', corpus)
  return differences
}

function tell(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

const differences = asked('guided') ? byCoverage() : byChance()
for (const one of differences) process.stdout.write(`${one}\n`)
process.exitCode = differences.length === 0 ? 0 : 1
