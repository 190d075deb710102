import { readConfig } from '../aggregator/config.ts'
import { startAggregator } from '../aggregator/main.ts'
import type { Command } from './command.ts'
import { configured, inWords, noArguments, untilEnded } from './component.ts'
import { exit } from './exit.ts'
import { version } from './version.ts'

export const command: Command = {
  usage: [
    'Usage: outrigger aggregator',
    '',
    'Configured by its environment (docs/aggregator.md):',
    '  OUTRIGGER_ADMIN      host:port to listen on (127.0.0.1:15030); port 0: the kernel chooses',
    '  OUTRIGGER_TOKEN      secret that whoever sets the targets must know',
    '  OUTRIGGER_LOG_LEVEL  debug, info, warn or error (info)',
    '  OUTRIGGER_PARENT     stdin: exit when standard input ends',
    '  OTEL_*               as OpenTelemetry has them',
    '',
    'Prints one line when it listens: {"listening":{"admin":"host:port"}}.',
    'Exit codes: 0 ended by a signal or its parent, 2 bad environment or arguments, 3 address in use.',
  ].join('\n'),
  examples: ['OUTRIGGER_ADMIN=127.0.0.1:0 outrigger aggregator'],
  run,
}

async function run(args: string[]): Promise<number> {
  noArguments('aggregator', args)
  const config = configured(() => readConfig())
  const aggregator = await startAggregator(config, { version }).catch((error: unknown) => {
    throw inWords(error, 'aggregator', 'OUTRIGGER_ADMIN')
  })
  const end = untilEnded(config.exitWithStdin)
  console.log(JSON.stringify({ listening: { admin: aggregator.address } }))
  await end
  await aggregator.close()
  return exit.fine.code
}
