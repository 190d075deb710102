import { parseArgs } from 'node:util'
import type { EndpointView } from '../controller/view.ts'
import type { Command } from './command.ts'
import { exit } from './exit.ts'
import { showLive } from './live.ts'
import { ask, controllerUrl, DEFAULT_STATE } from './place.ts'
import { tableOf } from './table.ts'

export const command: Command = {
  summary: 'A live table of the endpoints: replicas, limit, in flight, waiting, answers.',
  usage: [
    'Usage: outrigger top [--state DIR | --url URL] [--once] [--json]',
    '',
    '  --state DIR  the state folder of a running `outrigger up` (.outrigger)',
    '  --url URL    the controller, where there is no state folder',
    '  --once       print once and end',
    '  --json       print the endpoints as JSON once and end',
  ].join('\n'),
  examples: ['outrigger top', 'outrigger top --once --json | jq .endpoints[0].live'],
  async run(args) {
    const { values } = parseArgs({
      args,
      options: {
        state: { type: 'string', default: DEFAULT_STATE },
        url: { type: 'string' },
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    })
    const url = controllerUrl(values)
    const answer = (await ask('GET', `${url}/v1/endpoints`)) as { endpoints: EndpointView[] }
    const { endpoints } = answer
    if (values.json) console.log(JSON.stringify(answer))
    else if (values.once) console.log(tableOf(endpoints).join('\n'))
    if (values.json || values.once) return exit.fine.code
    const urls = Object.fromEntries(endpoints.map(view => [view.endpoint, `port ${view.port}`]))
    const state = values.url === undefined ? values.state : null
    const live = showLive({ page: `${url}/`, urls, state, out: process.stdout })
    await new Promise<void>(done => process.once('SIGINT', done))
    live.stop()
    return exit.fine.code
  },
}
