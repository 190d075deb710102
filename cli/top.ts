import { parseArgs } from 'node:util'
import type { EndpointView } from '../controller/view.ts'
import { flag, type Command } from './command.ts'
import { exit } from './exit.ts'
import { showLive } from './live.ts'
import { placeHelp, placeOf, placeOptions, wayTo, type Place } from './place.ts'
import { saidOf, tableOf } from './table.ts'
import { ask } from './way.ts'

export const command: Command = {
  usage: [
    'Usage: outrigger top [--once] [--json] [--state DIR | --url URL | --cluster]',
    '',
    'Below it, while there is any: why replicas are missing or not ready, that a rollout is paused, what waits at',
    'a load balancer, and who decides instead.',
    '',
    '  --once            print once and end',
    '  --json            print the endpoints as JSON once and end',
    ...placeHelp,
    '',
    'Exit codes: 0 done, 2 bad input, 6 controller not reached, 9 not allowed in the cluster.',
  ].join('\n'),
  examples: [
    'outrigger top',
    'outrigger top --cluster --context production',
    'outrigger top --once --json | jq .endpoints[0].live',
  ],
  run,
}

async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { ...placeOptions, once: flag, json: flag } })
  const place = placeOf(values)
  const way = await wayTo(place)
  const answer = (await ask(way, 'GET', '/v1/endpoints')) as { endpoints: EndpointView[] }
  const { endpoints } = answer
  if (values.json) console.log(JSON.stringify(answer))
  else if (values.once) {
    const said = saidOf(endpoints)
    console.log([...tableOf(endpoints), ...(said.length === 0 ? [] : ['', ...said])].join('\n'))
  }
  if (values.json || values.once) return exit.fine.code
  const live = showLive({ way, ...shownAt(place, way.url, endpoints), out: process.stdout })
  process.once('SIGINT', () => live.stop())
  await live.ended
  return exit.fine.code
}

/** In a cluster clients send where they always did, and the page takes `outrigger page`. */
function shownAt(
  place: Place,
  url: string | null,
  endpoints: readonly EndpointView[],
): { page: string | null; urls: Record<string, string>; state: string | null } {
  if (url === null) return { page: null, urls: {}, state: null }
  const urls = Object.fromEntries(endpoints.map(view => [view.endpoint, `port ${view.port}`]))
  return { page: `${url}/`, urls, state: place.kind === 'state' ? place.dir : null }
}
