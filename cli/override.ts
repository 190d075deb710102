import { userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import type { Override } from '../core/model/decision.ts'
import { Failure, type Command } from './command.ts'
import { exit } from './exit.ts'
import { ask, controllerUrl, endpointNamed, tokenOf } from './place.ts'

export const command: Command = {
  summary: 'Set or end an override of a setting, for a time.',
  usage: [
    'Usage: outrigger override ENDPOINT SETTING=VALUE [SETTING=VALUE...] --for 10m',
    '       outrigger override ENDPOINT --clear [SETTING...]',
    '       outrigger override ENDPOINT',
    '',
    'An override stands in place of a setting (docs/settings.md) until its time is over or it is cleared;',
    'replicas=N pins the number of replicas. Each one is recorded with who set it. Without a setting, those',
    'in force are shown.',
    '',
    '  --for TIME    how long: 30s, 10m, 2h; without it until it is cleared',
    '  --clear       end those named, or all',
    '  --who NAME    who asks, for the record (your login name)',
    '  --state DIR   state folder with the token (.outrigger); --url URL: another controller; --json',
    '',
    'Exit codes: 0 done, 2 bad input, 6 controller not reached, 8 no such endpoint.',
  ].join('\n'),
  examples: [
    'outrigger override digits replicas=4 --for 10m',
    'outrigger override digits fixed-limit=8 freeze=replicas --for 2h',
    'outrigger override digits --clear',
  ],
  run,
}

async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      for: { type: 'string' },
      clear: { type: 'boolean', default: false },
      who: { type: 'string' },
      state: { type: 'string' },
      url: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const [name, ...settings] = positionals
  if (name === undefined)
    throw new Failure(exit.badInput.code, 'Name an endpoint. See: outrigger override --help')
  const endpoint = endpointNamed(name)
  const who = values.who ?? loginName()
  const url = controllerUrl(values)
  const to = { at: `${url}/v1/overrides/${endpoint}`, headers: tokenOf(values.state) }
  if (values.clear) await clear(to, settings, who)
  else for (const setting of settings) await set(to, setting, values.for ?? null, who)
  const overrides = await inForce(url, endpoint)
  if (values.json) console.log(JSON.stringify({ endpoint, overrides }))
  else console.log(inWords(endpoint, overrides))
  return exit.fine.code
}

interface Target {
  at: string
  headers: Record<string, string>
}

async function set(
  { at, headers }: Target,
  setting: string,
  length: string | null,
  who: string | null,
): Promise<void> {
  const equals = setting.indexOf('=')
  if (equals < 1) throw new Failure(exit.badInput.code, `Write SETTING=VALUE, got '${setting}'.`)
  const [what, value] = [setting.slice(0, equals), setting.slice(equals + 1)]
  await ask('PUT', at, { json: { what, value, for: length, who }, headers })
}

async function clear({ at, headers }: Target, names: string[], who: string | null): Promise<void> {
  const by = who === null ? '' : `who=${encodeURIComponent(who)}`
  if (names.length === 0) await ask('DELETE', `${at}?${by}`, { headers })
  for (const name of names)
    await ask('DELETE', `${at}?what=${encodeURIComponent(name)}&${by}`, { headers })
}

async function inForce(url: string, endpoint: string): Promise<Override[]> {
  const answer = (await ask('GET', `${url}/v1/endpoints`)) as {
    endpoints: { endpoint: string; overrides: Override[] }[]
  }
  const found = answer.endpoints.find(each => each.endpoint === endpoint)
  if (found !== undefined) return found.overrides
  throw new Failure(exit.notFound.code, `There is no endpoint ${endpoint}. See: outrigger top`)
}

function inWords(endpoint: string, overrides: Override[]): string {
  if (overrides.length === 0) return `${endpoint}: no override is in force.`
  return overrides
    .map(({ what, value, who, until }) => {
      const end = until === null ? 'until it is cleared' : `until ${new Date(until).toISOString()}`
      return `${endpoint}: ${what} is ${value} ${end}${who === null ? '' : ` (set by ${who})`}.`
    })
    .join('\n')
}

function loginName(): string | null {
  try {
    return userInfo().username
  } catch {
    return null
  }
}
