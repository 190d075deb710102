import { readFileSync } from 'node:fs'
import { Random } from '../../../simulate/random.ts'
import { mutant, type Case } from '../../core/http/fuzz/fuzzer.ts'
import { rows } from '../../core/http/rows.ts'
import { smuggling } from './smuggling.ts'

const corpus = ['corpus', 'guided'].flatMap(
  name =>
    JSON.parse(
      readFileSync(new URL(`../../core/http/fuzz/${name}.json`, import.meta.url), 'utf8'),
    ) as Case[],
)

/** Streams of requests: those written by hand, those of docs/http.md, the corpus, and so many made of all of them. */
export function cases(mutations: number, seed: number): string[] {
  const random = new Random(seed)
  const known = [
    ...smuggling,
    ...rows().flatMap(({ section, bytes }) => (section.startsWith('Requests') ? [bytes] : [])),
    ...corpus.flatMap(({ kind, stream }) => (kind === 'request' ? [stream] : [])),
  ]
  const pool = known.map(stream => ({ kind: 'request' as const, toHead: false, stream }))
  const made = Array.from({ length: mutations }, () => mutant(pool, random).stream)
  return [...new Set([...known, ...made])]
}
