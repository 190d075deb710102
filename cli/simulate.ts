import { policies } from '../simulate/rivals/index.ts'
import { FIXED, limiters } from '../simulate/rivals/limiters/index.ts'
import { play } from '../simulate/run.ts'
import { scenarioFrom } from '../simulate/scenario/read.ts'
import { nearest } from '../core/model/units.ts'
import type { Command } from './command.ts'
import { commandWith } from './simulate/command.ts'
import { OURS } from './simulate/rows.ts'

/** The command with the simulator in it. */
export const command: Command = commandWith({ scenarioFrom, play, unknownPolicy, unknownLimiter })

function unknownPolicy(name: string): string | null {
  if (name === OURS || Object.hasOwn(policies, name)) return null
  return unknown('policy', name, [OURS, ...Object.keys(policies)])
}

function unknownLimiter(name: string): string | null {
  if (name === OURS || Object.hasOwn(limiters, name) || FIXED.test(name)) return null
  return unknown('limiter', name, [OURS, 'fixed-N', ...Object.keys(limiters)])
}

function unknown(what: string, name: string, known: readonly string[]): string {
  return `no ${what} ${name}: expected one of ${known.join(', ')}${nearest(name, known)}`
}
