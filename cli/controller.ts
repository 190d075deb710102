import { readConfig } from '../controller/config.ts'
import { startController, type Controller } from '../controller/main.ts'
import { Unusable } from '../controller/record/open.ts'
import { BadConfig } from '../core/runtime/environment.ts'
import { Failure, type Command } from './command.ts'
import { configured, inWords, noArguments, untilEnded } from './component.ts'
import { exit } from './exit.ts'
import { version } from './version.ts'

export const command: Command = {
  usage: [
    'Usage: outrigger controller',
    '',
    'Configured by its environment (docs/controller.md):',
    '  OUTRIGGER_PLATFORM       URL of the platform, such as http://127.0.0.1:15050, or kubernetes (needed)',
    '  OUTRIGGER_ADMIN          host:port to listen on (127.0.0.1:15040); port 0: the kernel chooses',
    '  OUTRIGGER_STATE_DIR      folder of the decision log and the keys (.outrigger)',
    '  OUTRIGGER_SETTINGS_FILE  JSON {endpoints: {NAME: settings}, log: settings}; read again when it changes',
    '  OUTRIGGER_TOKEN          secret between our own components',
    '  OUTRIGGER_LOG_LEVEL      debug, info, warn or error (info)',
    '  OUTRIGGER_PARENT         stdin: exit when standard input ends',
    '  OTEL_*                   as OpenTelemetry has them',
    '',
    'Prints one line when it listens: {"listening":{"admin":"host:port"}}.',
    'Exit codes: 0 ended by a signal or its parent, 2 bad environment, settings or',
    'arguments, 3 address in use, 7 the decision log is broken.',
  ].join('\n'),
  examples: ['OUTRIGGER_PLATFORM=http://127.0.0.1:15050 outrigger controller'],
  run,
}

async function run(args: string[]): Promise<number> {
  noArguments('controller', args)
  const config = configured(() => readConfig())
  // SIGHUP asks for what happens anyway: the settings file is looked at each second.
  process.on('SIGHUP', () => undefined)
  const { platform } = config
  // A start in a cluster may wait for long, and process 1 of a container ends by no signal that it does not take.
  const end = untilEnded(config.exitWithStdin)
  const starting =
    typeof platform === 'string'
      ? startController(config, { version })
      : (await import('../controller/kubernetes/main.ts')).startMember(config, platform, version)
  const started: Promise<Pick<Controller, 'address' | 'close'> & { over?: Promise<string> }> =
    starting
  const controller = await Promise.race([started, end]).catch((error: unknown) => {
    throw startFailure(error)
  })
  if (typeof controller === 'string') process.exit(exit.fine.code)
  console.log(JSON.stringify({ listening: { admin: controller.address } }))
  const why = await Promise.race([end, controller.over ?? new Promise<string>(() => {})])
  if (why !== 'signal' && why !== 'parent') {
    // At once: another one decides now, and whatever this one has still under way is stale.
    process.stderr.write(`Ended: ${why}.\n`)
    process.exit(exit.failed.code)
  }
  await controller.close()
  return exit.fine.code
}

function startFailure(error: unknown): unknown {
  if (error instanceof BadConfig) {
    return new Failure(exit.badInput.code, `The settings file is wrong:\n${error.message}`)
  }
  if (error instanceof Unusable) return new Failure(exit.notVerified.code, error.message)
  return inWords(error, 'controller', 'OUTRIGGER_ADMIN')
}
