import type { Played } from '../../simulate/result.ts'
import type { Scenario } from '../../simulate/scenario/read.ts'
import type { Trace } from '../../simulate/traffic/trace.ts'

/** What the command needs of the simulator; tests put another one in its place. */
export interface Engine<S extends Asked = Scenario> {
  /** Throws an Error with a line for each problem. */
  scenarioFrom(raw: unknown): S
  play(scenario: S, choice: Choice, progress: (share: number) => void): Played
  /** What is wrong with the name of a policy or a limiter, in words; null: nothing. */
  unknownPolicy(name: string): string | null
  unknownLimiter(name: string): string | null
}

/** As far as the command looks into a scenario. */
export type Asked = Pick<Scenario, 'name' | 'about' | 'seed' | 'policies' | 'limiters' | 'expect'>

export interface Choice {
  policy: string
  limiter: string
  seed: number
  /** The file that the scenario's traffic names. */
  trace?: Trace
}
