/** A subcommand: one file each in this folder. */
export interface Command {
  /** What --help says after the summary, which stands in main.ts. */
  usage: string
  examples: string[]
  /** Gives the exit code (cli/exit.ts). Throws Failure for a problem that a person can mend. */
  run(args: string[]): Promise<number>
}

/** A problem in words: what is wrong, and what to do. Printed as it is, with its exit code. */
export class Failure extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** For parseArgs: an option that is given or not. */
export const flag = { type: 'boolean', default: false } as const
