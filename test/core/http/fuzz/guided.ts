import { Random } from '../../../../simulate/random.ts'
import type { Coverage } from './coverage.ts'
import { differences, mutant, shortened, type Case } from './fuzzer.ts'
import { ourAnswer, ourRequests } from './ours.ts'

/** Streams that make the parser go where none before went are kept, and mutated further. */
export interface Guided {
  cases: number
  /** Blocks, each with how often it ran: what there is to know of a stream. */
  features: number
  differences: string[]
  /** Few and short streams that go wherever any went. */
  corpus: Case[]
}

interface Found {
  one: Case
  features: readonly string[]
}

/** Reads it whole and cut in two: the parser has other ways for the latter. */
export function read({ kind, stream, toHead }: Case): void {
  for (const cuts of [[], [Math.floor(stream.length / 2)]]) {
    if (kind === 'request') ourRequests(stream, cuts)
    else ourAnswer(stream, toHead, cuts)
  }
}

/** `goOn` is asked before each mutation. */
export function guided(
  coverage: Coverage,
  seed: number,
  start: readonly Case[],
  goOn: () => boolean,
): Guided {
  const random = new Random(seed)
  const known = new Set<string>()
  const kept: Found[] = []
  const pool: Case[] = []
  const problems: string[] = []
  let cases = 0
  const look = (one: Case): void => {
    cases++
    const features = of(coverage, one)
    problems.push(...differences(one).map(problem => `${problem}: ${JSON.stringify(one)}`))
    if (features.every(feature => known.has(feature))) return
    for (const feature of features) known.add(feature)
    kept.push({ one, features })
    pool.push(one)
  }
  // A first time, so that what runs but once in a process is no finding.
  for (const one of start) read(one)
  coverage.take()
  for (const one of start) look(one)
  while (goOn()) look(mutant(pool, random))
  const corpus = minimised(coverage, kept)
  return { cases, features: known.size, differences: problems, corpus }
}

function of(coverage: Coverage, one: Case): string[] {
  coverage.take()
  read(one)
  return coverage.take()
}

/** Short ones first; each has to go somewhere new, and is shortened as long as it does. */
function minimised(coverage: Coverage, found: readonly Found[]): Case[] {
  const covered = new Set<string>()
  const all = found.toSorted((a, b) => a.one.stream.length - b.one.stream.length)
  return all.flatMap(({ one, features }) => {
    const needed = features.filter(feature => !covered.has(feature))
    if (needed.length === 0) return []
    const shorter = shortened(one, stream => {
      const now = new Set(of(coverage, { ...one, stream }))
      return needed.every(feature => now.has(feature))
    })
    for (const feature of of(coverage, shorter)) covered.add(feature)
    return [shorter]
  })
}
