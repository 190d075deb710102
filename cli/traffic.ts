import { readFileSync } from 'node:fs'
import { check, sentence } from '../core/model/schema.ts'
import { wordsOfError } from '../core/runtime/log.ts'
import { exitsWithStdin } from '../local/config.ts'
import { runTraffic, trafficPlan, type TrafficPlan } from '../local/traffic/run.ts'
import { Failure, type Command } from './command.ts'
import { configured, untilEnded } from './component.ts'
import { exit } from './exit.ts'

export const command: Command = {
  usage: [
    'Usage: outrigger traffic FILE',
    '',
    'FILE is the traffic.json that `up` writes into its state folder. Ends on SIGTERM or ctrl-C, and with',
    'OUTRIGGER_PARENT=stdin in the environment when standard input ends.',
    'Exit codes: 0 ended so, 2 bad file or environment.',
  ].join('\n'),
  examples: ['outrigger traffic .outrigger/traffic.json'],
  async run([file]) {
    if (file === undefined)
      throw new Failure(
        exit.badInput.code,
        'outrigger traffic: name a file, such as .outrigger/traffic.json',
      )
    const withStdin = configured(() => exitsWithStdin())
    const running = start(file, planIn(file))
    await untilEnded(withStdin)
    await running.stop()
    return exit.fine.code
  },
}

function planIn(file: string): TrafficPlan {
  const checked = check(trafficPlan, readJson(file))
  if (checked.ok) return checked.value
  const lines = checked.issues.map(issue => `  ${sentence(issue)}`).join('\n')
  throw unusable(file, `it is no traffic.json as \`outrigger up\` writes it:\n${lines}`)
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown
  } catch (error) {
    throw unusable(file, wordsOfError(error))
  }
}

/** The files of bodies and the traces that a plan names are read at the start. */
function start(file: string, plan: TrafficPlan): ReturnType<typeof runTraffic> {
  try {
    return runTraffic(plan, said => process.stderr.write(`${said}\n`))
  } catch (error) {
    throw unusable(file, wordsOfError(error))
  }
}

function unusable(file: string, why: string): Failure {
  return new Failure(exit.badInput.code, `${file} can't be used: ${why}`)
}
