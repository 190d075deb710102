import { Failure, type Command } from '../../../cli/command.ts'

export interface Ran {
  code: number
  out: string
  err: string
}

/** Runs a command in this process; what it prints and its exit code come back. */
export async function ran(command: Command, ...args: string[]): Promise<Ran> {
  const lines: string[] = []
  const { stdout } = process
  const write = stdout.write.bind(stdout)
  stdout.write = (text: string | Uint8Array) => {
    lines.push(text.toString())
    return true
  }
  try {
    const code = await command.run(args)
    return { code, out: lines.join(''), err: '' }
  } catch (error) {
    if (error instanceof Failure)
      return { code: error.code, out: lines.join(''), err: error.message }
    throw error
  } finally {
    stdout.write = write
  }
}
