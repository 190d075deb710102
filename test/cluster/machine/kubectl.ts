import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { binary, kubeconfig } from './places.ts'

const run = promisify(execFile)

/** Runs kubectl against the cluster that tests use: KUBECONFIG, or this machine's own. Gives what it printed. */
export async function kubectl(args: string[], input?: string): Promise<string> {
  const running = run(binary('kubectl'), args, {
    env: { ...process.env, KUBECONFIG: process.env.KUBECONFIG || kubeconfig },
    maxBuffer: 64 * 1024 * 1024,
    timeout: 120_000,
  })
  if (input !== undefined) running.child.stdin?.end(input)
  return (await running).stdout
}
