import { readConfig } from '../sidecar/config.ts'
import { takenByModel } from '../sidecar/loopback.ts'
import { startSidecar } from '../sidecar/main.ts'
import { Failure, type Command } from './command.ts'
import { configured, inWords, noArguments, untilEnded } from './component.ts'
import { exit } from './exit.ts'

/** How long a sidecar whose parent is gone may still take, ms. */
const ORPHAN_MS = 1000

export const command: Command = {
  usage: [
    'Usage: outrigger sidecar',
    '',
    'Takes its configuration from OUTRIGGER_* in the environment: docs/sidecar.md.',
    'Prints one line of JSON with its addresses once it listens. SIGTERM drains it.',
    'Exit codes: 0 drained, 2 bad environment or arguments, 3 address in use.',
  ].join('\n'),
  examples: ['OUTRIGGER_APP=127.0.0.1:8000 OUTRIGGER_ENDPOINT=local/digits ... outrigger sidecar'],
  async run(args) {
    noArguments('sidecar', args)
    const config = configured(() => readConfig())
    const sidecar = await startSidecar(config).catch((error: unknown) => {
      const taken = takenByModel(error, config)
      if (taken !== null) throw new Failure(exit.addressInUse.code, `outrigger sidecar: ${taken}.`)
      throw inWords(error, 'sidecar', 'OUTRIGGER_TRAFFIC, OUTRIGGER_ADMIN or OUTRIGGER_METRICS')
    })
    const end = untilEnded(config.exitWithStdin)
    const { traffic, admin, metrics } = sidecar
    process.stdout.write(`${JSON.stringify({ listening: { traffic, admin, metrics } })}\n`)
    const orphaned = (await end) === 'parent'
    await sidecar.stop(orphaned ? { graceMs: 0, timeoutMs: ORPHAN_MS } : undefined)
    return exit.fine.code
  },
}
