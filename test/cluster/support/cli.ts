import { execFile } from 'node:child_process'
import { join } from 'node:path'

export const main = join(import.meta.dirname, '..', '..', '..', 'cli', 'main.ts')

export interface Ran {
  code: number
  out: string
  err: string
}

/** From the sources, as a person does: with a kubeconfig and nothing else. */
export function outrigger(...args: string[]): Promise<Ran> {
  return new Promise(resolve => {
    execFile(process.execPath, [main, ...args], { timeout: 60_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err })
    })
  })
}
