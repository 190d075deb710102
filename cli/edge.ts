import { parseArgs } from 'node:util'
import { readConfig, type EdgeConfig } from '../edge/config.ts'
import { startEdge, type Edge } from '../edge/main.ts'
import { BadConfig } from '../core/runtime/environment.ts'
import { Failure, type Command } from './command.ts'
import { exit } from './exit.ts'
import { version } from './version.ts'

/** How long an edge whose parent is gone may still take, ms. */
const ORPHAN_MS = 2000

export const command: Command = {
  summary: 'The process in front of replicas.',
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
    const config = configured(values.workers)
    const edge = await startEdge(config, { version }).catch((error: unknown) => {
      throw failure(error)
    })
    const listening = { admin: edge.admin, endpoints: edge.endpoints() }
    process.stdout.write(`${JSON.stringify({ listening })}\n`)
    await ended(edge, config.exitWithStdin)
    return exit.fine.code
  },
}

function configured(workers: string | undefined): EdgeConfig {
  try {
    return readConfig({ workers })
  } catch (error) {
    throw error instanceof BadConfig ? new Failure(exit.badInput.code, error.message) : error
  }
}

function failure(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  if (error.code === 'EADDRINUSE') {
    const message = `${error.message}: another process listens there. Change OUTRIGGER_ADMIN.`
    return new Failure(exit.addressInUse.code, message)
  }
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new Failure(exit.badInput.code, `${error.message}. See docs/edge.md.`)
  }
  return error
}

/** Resolves when a signal, or the parent's end, has stopped it. */
function ended(edge: Edge, exitWithStdin: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false
    const stop = (mostMs?: number): void => {
      if (stopping) return
      stopping = true
      process.stdin.destroy()
      edge.close(mostMs).then(resolve, reject)
    }
    process.once('SIGTERM', () => stop())
    process.once('SIGINT', () => stop())
    if (!exitWithStdin) return
    const orphaned = (): void => stop(ORPHAN_MS)
    process.stdin.resume().once('end', orphaned).once('error', orphaned)
  })
}
