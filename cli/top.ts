import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { call } from '../core/runtime/call.ts'
import { wordsOfError } from '../core/runtime/log.ts'
import type { EndpointView } from '../controller/view.ts'
import { Failure, type Command } from './command.ts'
import { exit } from './exit.ts'
import { showLive } from './live.ts'
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
        state: { type: 'string', default: '.outrigger' },
        url: { type: 'string' },
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    })
    const url = (values.url ?? controllerOf(values.state)).replace(/\/?$/, '/')
    const answer = await call('GET', `${url}v1/endpoints`).catch((error: unknown) => {
      throw new Failure(
        exit.unreachable.code,
        `the controller can't be reached at ${url}: ${wordsOfError(error)}. Is \`outrigger up\` running?`,
      )
    })
    const { endpoints } = answer.json as { endpoints: EndpointView[] }
    if (values.json) console.log(JSON.stringify(answer.json))
    else if (values.once) console.log(tableOf(endpoints).join('\n'))
    if (values.json || values.once) return exit.fine.code
    const urls = Object.fromEntries(endpoints.map(view => [view.endpoint, `port ${view.port}`]))
    const live = showLive({ page: url, urls, state: values.state, out: process.stdout })
    await new Promise<void>(done => process.once('SIGINT', done))
    live.stop()
    return exit.fine.code
  },
}

function controllerOf(state: string): string {
  try {
    return (
      JSON.parse(readFileSync(join(state, 'platform.json'), 'utf8')) as { controller: string }
    ).controller
  } catch {
    throw new Failure(
      exit.unreachable.code,
      `no \`outrigger up\` runs with its state in ${state}; name its folder with --state, or a controller with --url`,
    )
  }
}
