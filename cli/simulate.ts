import { policies } from '../simulate/rivals/index.ts'
import { limiterNamed } from '../simulate/rivals/limiters/index.ts'
import { play } from '../simulate/run.ts'
import { scenarioFrom } from '../simulate/scenario/read.ts'
import { wordsOfError } from '../core/runtime/log.ts'
import { nearest } from '../core/model/units.ts'
import type { Command } from './command.ts'
import { commandWith } from './simulate/command.ts'
import { OURS } from './simulate/rows.ts'

/** The command with the simulator in it. */
export const command: Command = commandWith({ scenarioFrom, play, unknownPolicy, unknownLimiter })

function unknownPolicy(name: string): string | null {
  const known = [OURS, ...Object.keys(policies)]
  if (known.includes(name)) return null
  return `no policy ${name}: expected one of ${known.join(', ')}${nearest(name, known)}`
}

function unknownLimiter(name: string): string | null {
  if (name === OURS) return null
  try {
    limiterNamed(name)
    return null
  } catch (error) {
    return wordsOfError(error)
  }
}
