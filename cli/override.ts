import { parseArgs } from 'node:util'
import type { Override } from '../core/model/decision.ts'
import { Failure, flag, type Command } from './command.ts'
import { exit } from './exit.ts'
import { endpointNamed, endpointPath, placeHelp, placeOf, placeOptions, wayTo } from './place.ts'
import { ask, type Way } from './way.ts'

export const command: Command = {
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
    '  --who NAME    who asks, for the record (as the cluster knows you; your login name)',
    '  --json        {endpoint, overrides}',
    ...placeHelp,
    '',
    'In a cluster an override can stand on the Deployment as well: outrigger.dev/override-SETTING: "VALUE;',
    'until=TIME; who=NAME". One that stands there is changed there only.',
    '',
    'Exit codes: 0 done, 1 it stands as an annotation, 2 bad input, 6 controller not reached, 8 no such endpoint,',
    '9 not allowed in the cluster.',
  ].join('\n'),
  examples: [
    'outrigger override digits replicas=4 --for 10m',
    'outrigger override digits fixed-limit=8 freeze=replicas --for 2h',
    'outrigger override digits --clear',
    'outrigger override ml/digits replicas=6 --for 1h --cluster',
  ],
  run,
}

async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...placeOptions,
      for: { type: 'string' },
      clear: flag,
      who: { type: 'string' },
      json: flag,
    },
  })
  const [name, ...settings] = positionals
  if (name === undefined)
    throw new Failure(exit.badInput.code, 'Name an endpoint. See: outrigger override --help')
  const wanted = values.clear ? [] : settings.map(pairIn)
  const way = await wayTo(placeOf(values))
  const endpoint = endpointNamed(name, way.namespace)
  const who = values.who ?? (await way.user())
  const at = `/v1/overrides/${endpointPath(endpoint)}`
  if (values.clear) await clear({ way, at }, settings, who)
  for (const pair of wanted) await ask(way, 'PUT', at, { ...pair, for: values.for ?? null, who })
  const overrides = await inForce(way, endpoint)
  if (values.json) console.log(JSON.stringify({ endpoint, overrides }))
  else console.log(inWords(endpoint, overrides))
  return exit.fine.code
}

function pairIn(setting: string): { what: string; value: string } {
  const equals = setting.indexOf('=')
  if (equals < 1) throw new Failure(exit.badInput.code, `Write SETTING=VALUE, got '${setting}'.`)
  return { what: setting.slice(0, equals), value: setting.slice(equals + 1) }
}

interface Target {
  way: Way
  at: string
}

async function clear({ way, at }: Target, names: string[], who: string | null): Promise<void> {
  const by = who === null ? '' : `who=${encodeURIComponent(who)}`
  if (names.length === 0) await ask(way, 'DELETE', `${at}?${by}`)
  for (const name of names) await ask(way, 'DELETE', `${at}?what=${encodeURIComponent(name)}&${by}`)
}

async function inForce(way: Way, endpoint: string): Promise<Override[]> {
  const answer = (await ask(way, 'GET', '/v1/endpoints')) as {
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
