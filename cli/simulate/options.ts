import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure, flag } from '../command.ts'
import { exit } from '../exit.ts'

export interface Options {
  files: string[]
  /** null: what the scenario says. */
  policies: string[] | null
  limiters: string[] | null
  seed: number | null
  repeat: number
  json: boolean
  seconds: boolean
  html: string | null
}

const LAST_SEED = 0xffffffff
const MOST_REPEATS = 1000

/** Throws a Failure with everything that is wrong. */
export function optionsIn(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      policy: { type: 'string' },
      limiter: { type: 'string' },
      seed: { type: 'string' },
      repeat: { type: 'string', default: '1' },
      json: flag,
      seconds: flag,
      html: { type: 'string' },
    },
  })
  const errors: string[] = []
  if (positionals.length === 0)
    errors.push('Name a scenario: outrigger simulate FILE... See: outrigger simulate --help')
  if (values.seconds && !values.json) errors.push('--seconds: goes with --json.')
  const html = values.html ?? null
  if (html !== null && !existsSync(dirname(html)))
    errors.push(`--html: there is no folder ${dirname(html)}.`)
  const options = {
    files: positionals,
    policies: namesIn('--policy', values.policy, errors),
    limiters: namesIn('--limiter', values.limiter, errors),
    seed: values.seed === undefined ? null : within('--seed', values.seed, [0, LAST_SEED], errors),
    repeat: within('--repeat', values.repeat, [1, MOST_REPEATS], errors),
    json: values.json,
    seconds: values.seconds,
    html,
  }
  if (errors.length > 0) throw new Failure(exit.badInput.code, errors.join('\n'))
  return options
}

function namesIn(option: string, text: string | undefined, errors: string[]): string[] | null {
  if (text === undefined) return null
  const names = text.split(',').map(name => name.trim())
  const wrong = names.filter(name => !/^[a-z0-9][a-z0-9.-]{0,39}$/.test(name))
  for (const name of wrong)
    errors.push(`${option}: expected names with commas between them, got ${JSON.stringify(name)}`)
  return [...new Set(names)]
}

function within(
  option: string,
  text: string,
  [least, most]: readonly [number, number],
  errors: string[],
): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN
  if (value >= least && value <= most) return value
  errors.push(`${option}: expected a number from ${least} to ${most}, got ${JSON.stringify(text)}`)
  return least
}
