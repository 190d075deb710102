import { BadConfig } from '../core/runtime/environment.ts'
import { Failure } from './command.ts'
import { exit } from './exit.ts'

/** What the commands that run a component have in common: how they begin, fail and end. */

/** What `read` gives. Throws Failure where the configuration is wrong. */
export function configured<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof BadConfig ? new Failure(exit.badInput.code, error.message) : error
  }
}

/** Throws Failure where there is an argument. */
export function noArguments(name: string, args: readonly string[]): void {
  if (args.length === 0) return
  const words = `outrigger ${name} takes no arguments, got '${args[0]}'. See: outrigger ${name} --help`
  throw new Failure(exit.badInput.code, words)
}

/** The errors of a start that a person can mend; `variables` are those with the addresses to listen on. */
export function inWords(error: unknown, name: string, variables: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  if (error.code === 'EADDRINUSE') {
    const words = `outrigger ${name}: ${error.message}. The address is taken by another process: give another ${variables}, or port 0.`
    return new Failure(exit.addressInUse.code, words)
  }
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    const words = `outrigger ${name}: ${error.message}. See docs/${name}.md.`
    return new Failure(exit.badInput.code, words)
  }
  return error
}

/**
 * Resolves on SIGTERM, SIGINT, or, where the parent asked for that, the end of standard input. Called
 * before a component says that it listens: whoever reads that may send a signal at once.
 */
export function untilEnded(withStdin: boolean): Promise<'signal' | 'parent'> {
  return new Promise(resolve => {
    const end = (how: 'signal' | 'parent'): void => {
      // A parent that keeps our standard input open would keep this process alive, too.
      process.stdin.destroy()
      resolve(how)
    }
    process.once('SIGTERM', () => end('signal'))
    process.once('SIGINT', () => end('signal'))
    if (!withStdin) return
    const orphaned = (): void => end('parent')
    process.stdin.once('end', orphaned).once('error', orphaned).resume()
  })
}
