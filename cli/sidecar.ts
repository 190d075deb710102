import { readConfig } from '../sidecar/config.ts'
import { startSidecar, type Sidecar } from '../sidecar/main.ts'
import { BadConfig } from '../core/runtime/environment.ts'
import { Failure, type Command } from './command.ts'
import { exit } from './exit.ts'

/** How long a sidecar whose parent is gone may still take, ms. */
const ORPHAN_MS = 1000

export const command: Command = {
  summary: 'The process beside a replica.',
  usage: [
    'Usage: outrigger sidecar',
    '',
    'Takes its configuration from OUTRIGGER_* in the environment: docs/sidecar.md.',
    'Prints one line of JSON with its addresses once it listens. SIGTERM drains it.',
  ].join('\n'),
  examples: ['OUTRIGGER_APP=127.0.0.1:8000 OUTRIGGER_ENDPOINT=local/digits ... outrigger sidecar'],
  async run() {
    const config = configured()
    const sidecar = await startSidecar(config).catch((error: unknown) => {
      throw failure(error)
    })
    const { traffic, admin, metrics } = sidecar
    process.stdout.write(`${JSON.stringify({ listening: { traffic, admin, metrics } })}\n`)
    await ended(sidecar, config.exitWithStdin)
    return exit.fine.code
  },
}

function configured(): ReturnType<typeof readConfig> {
  try {
    return readConfig()
  } catch (error) {
    throw error instanceof BadConfig ? new Failure(exit.badInput.code, error.message) : error
  }
}

function failure(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  if (error.code === 'EADDRINUSE') {
    const message = `${error.message}: another process listens there. Change OUTRIGGER_TRAFFIC, OUTRIGGER_ADMIN or OUTRIGGER_METRICS.`
    return new Failure(exit.addressInUse.code, message)
  }
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new Failure(exit.badInput.code, `${error.message}. See docs/sidecar.md.`)
  }
  return error
}

/** Resolves when a signal, or the parent's end, has stopped it. */
function ended(sidecar: Sidecar, exitWithStdin: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (within?: { graceMs: number; timeoutMs: number }): void => {
      process.stdin.destroy()
      sidecar.stop(within).then(resolve, reject)
    }
    process.once('SIGTERM', () => stop())
    process.once('SIGINT', () => stop())
    if (!exitWithStdin) return
    const orphaned = (): void => stop({ graceMs: 0, timeoutMs: ORPHAN_MS })
    process.stdin.resume().once('end', orphaned).once('error', orphaned)
  })
}
