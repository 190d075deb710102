import type { Expectation } from '../../simulate/scenario/expect.ts'
import type { Asked, Choice, Engine } from './engine.ts'
import type { ScenarioFile } from './files.ts'
import type { Options } from './options.ts'
import { fits, pairsOf, unpaired } from './pairs.ts'

/** One run that is to be played. */
export interface Plan<S> extends ScenarioFile<S> {
  choice: Choice
  /** null: nothing is expected of it. */
  expect: Expectation | null
}

type Wanted = Pick<Options, 'policies' | 'limiters' | 'seed' | 'repeat'>
type Names = Pick<Engine<Asked>, 'unknownPolicy' | 'unknownLimiter'>

const CHANCES = 2 ** 32

/** Each scenario under each policy and limiter, with each seed; adds to `errors` what can't be played. */
export function plansOf<S extends Asked>(
  files: readonly ScenarioFile<S>[],
  wanted: Wanted,
  { engine, errors }: { engine: Names; errors: string[] },
): Plan<S>[] {
  const found = new Set<string>()
  const plans = files.flatMap(file => {
    const { scenario, trace } = file
    const policies = wanted.policies ?? scenario.policies
    const limiters = wanted.limiters ?? scenario.limiters
    for (const words of wrongIn(policies, limiters, engine)) found.add(`${file.name}: ${words}`)
    const first = wanted.seed ?? scenario.seed
    const seeds = Array.from({ length: wanted.repeat }, (_, i) => (first + i) % CHANCES)
    return pairsOf(policies, limiters).flatMap(pair =>
      seeds.map(seed => ({
        ...file,
        choice: { ...pair, seed, ...(trace === undefined ? {} : { trace }) },
        expect: expectedOf(scenario, pair),
      })),
    )
  })
  errors.push(...found)
  return plans
}

function wrongIn(
  policies: readonly string[],
  limiters: readonly string[],
  engine: Names,
): string[] {
  const unknown = [
    ...policies.map(name => engine.unknownPolicy(name)),
    ...limiters.map(name => engine.unknownLimiter(name)),
  ].filter(words => words !== null)
  return unknown.length > 0 ? unknown : unpaired(policies, limiters)
}

/** A scenario's expectations of a policy are with the first limiter of its list that fits. */
function expectedOf(
  { expect, limiters }: Asked,
  { policy, limiter }: { policy: string; limiter: string },
): Expectation | null {
  if (limiters.find(each => fits({ policy, limiter: each })) !== limiter) return null
  return Object.hasOwn(expect, policy) ? (expect[policy] ?? null) : null
}
