import { readConfig } from '../aggregator/config.ts'
import { startAggregator } from '../aggregator/main.ts'
import { BadConfig } from '../core/runtime/environment.ts'
import { Failure, type Command } from './command.ts'
import { untilEnded } from './ended.ts'
import { exit } from './exit.ts'
import { version } from './version.ts'

export const command: Command = {
  summary: 'The process that folds samples into windows.',
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
    'Exit codes: 0 ended by a signal or its parent, 2 bad environment, 3 address in use.',
  ].join('\n'),
  examples: ['OUTRIGGER_ADMIN=127.0.0.1:0 outrigger aggregator'],
  run,
}

async function run(args: string[]): Promise<number> {
  if (args.length > 0) {
    throw new Failure(
      exit.badInput.code,
      `outrigger aggregator takes no arguments, got '${args[0]}'. See: outrigger aggregator --help`,
    )
  }
  const config = read()
  const aggregator = await startAggregator(config, { version }).catch((error: unknown) => {
    throw inWords(error, `${config.host}:${config.port}`)
  })
  const end = untilEnded(config.exitWithStdin)
  console.log(JSON.stringify({ listening: { admin: aggregator.address } }))
  await end
  await aggregator.close()
  return exit.fine.code
}

function read(): ReturnType<typeof readConfig> {
  try {
    return readConfig()
  } catch (error) {
    if (error instanceof BadConfig) throw new Failure(exit.badInput.code, error.message)
    throw error
  }
}

function inWords(error: unknown, address: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'EADDRINUSE') {
    return new Failure(
      exit.addressInUse.code,
      `outrigger aggregator: ${address} is taken by another process. Give another OUTRIGGER_ADMIN, or port 0.`,
    )
  }
  if (code === 'EADDRNOTAVAIL' || code === 'EACCES' || code === 'ENOTFOUND') {
    return new Failure(
      exit.badInput.code,
      `outrigger aggregator: can't listen on ${address} (${String(code)}). Give another OUTRIGGER_ADMIN.`,
    )
  }
  return error
}
