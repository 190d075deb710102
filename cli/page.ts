import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { Failure, flag, type Command } from './command.ts'
import { inWords, untilEnded } from './component.ts'
import { exit } from './exit.ts'
import { forwarder } from './forward.ts'
import { placeHelp, placeOf, placeOptions, wayTo } from './place.ts'
import { ask } from './way.ts'

export const command: Command = {
  usage: [
    'Usage: outrigger page [--port PORT] [--json] [--cluster]',
    '',
    'Serves the page on 127.0.0.1 until ctrl-C, and asks the controller for what it shows through the API',
    'server, with your rights in the cluster. It only shows: nothing can be changed through it. Whoever may',
    'connect to loopback on this machine sees it.',
    '',
    '  --port PORT       to listen on (0: the kernel chooses)',
    '  --json            print {"page": URL}',
    ...placeHelp,
    '',
    'Exit codes: 0 ended, 2 bad input, 3 port in use, 6 controller not reached, 9 not allowed in the cluster.',
  ].join('\n'),
  examples: ['outrigger page', 'outrigger page --context production --port 8000'],
  run,
}

async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...placeOptions,
      port: { type: 'string', default: '0' },
      json: flag,
    },
  })
  const way = await wayTo(placeOf(values))
  await ask(way, 'GET', '/v1/endpoints')
  const server = forwarder(way)
  server.listen(portOf(values.port), '127.0.0.1')
  await once(server, 'listening').catch((error: unknown) => {
    throw inWords(error, 'page', '--port')
  })
  const end = untilEnded(false)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  console.log(values.json ? JSON.stringify({ page: url }) : `The live page is at ${url}`)
  await end
  server.close()
  server.closeAllConnections()
  return exit.fine.code
}

function portOf(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port
  const words = `--port: expected a number from 0 to 65535, got ${JSON.stringify(text)}`
  throw new Failure(exit.badInput.code, words)
}
