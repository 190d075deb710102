import { parseArgs } from 'node:util'
import { readConfig } from '../edge/config.ts'
import { startEdge } from '../edge/main.ts'
import type { Command } from './command.ts'
import { configured, inWords, untilEnded } from './component.ts'
import { exit } from './exit.ts'
import { version } from './version.ts'

/** How long an edge whose parent is gone may still take, ms. */
const ORPHAN_MS = 2000

export const command: Command = {
  usage: [
    'Usage: outrigger edge [--workers N]',
    '',
    'Takes its configuration from OUTRIGGER_* in the environment: docs/edge.md.',
    '  --workers N   processes that serve (1); each endpoint belongs to one of them',
    '',
    'Prints one line of JSON with its addresses once it listens. SIGTERM drains it.',
    'Exit codes: 0 drained, 2 bad environment or arguments, 3 address in use.',
  ].join('\n'),
  examples: ['OUTRIGGER_CONTROLLER=http://127.0.0.1:15040 outrigger edge --workers 2'],
  async run(args) {
    const { values } = parseArgs({ args, options: { workers: { type: 'string' } } })
    const config = configured(() => readConfig({ workers: values.workers }))
    const edge = await startEdge(config, { version }).catch((error: unknown) => {
      throw inWords(error, 'edge', 'OUTRIGGER_ADMIN')
    })
    const end = untilEnded(config.exitWithStdin)
    const listening = { admin: edge.admin, endpoints: edge.endpoints() }
    process.stdout.write(`${JSON.stringify({ listening })}\n`)
    await ((await end) === 'parent' ? edge.close(ORPHAN_MS, 0) : edge.close())
    return exit.fine.code
  },
}
