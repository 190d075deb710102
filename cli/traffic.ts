import { readFileSync } from 'node:fs'
import { runTraffic, type TrafficPlan } from '../local/traffic/run.ts'
import { Failure, type Command } from './command.ts'
import { untilEnded } from './component.ts'
import { exit } from './exit.ts'

export const command: Command = {
  summary: 'Send the traffic that a file plans (what `outrigger up` does for `traffic:`).',
  usage:
    'Usage: outrigger traffic FILE\n\nFILE is the traffic.json that `up` writes into its state folder. Ends on SIGTERM or ctrl-C.',
  examples: ['outrigger traffic .outrigger/traffic.json'],
  async run([file]) {
    if (file === undefined)
      throw new Failure(
        exit.badInput.code,
        'outrigger traffic: name a file, such as .outrigger/traffic.json',
      )
    const plan = JSON.parse(readFileSync(file, 'utf8')) as TrafficPlan
    const running = runTraffic(plan, sentence => process.stderr.write(`${sentence}\n`))
    await untilEnded(true)
    await running.stop()
    return exit.fine.code
  },
}
