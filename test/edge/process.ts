import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { ENDPOINT, TOKEN, until } from './bench.ts'

export const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

/** The edge as a process of its own. */
export async function startProcess(
  t: ExecutionContext,
  controller: string,
  args: string[] = [],
  env = {},
) {
  const child = spawn(process.execPath, [main, 'edge', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      OUTRIGGER_CONTROLLER: controller,
      OUTRIGGER_TOKEN: TOKEN,
      OUTRIGGER_ADMIN: '127.0.0.1:0',
      OUTRIGGER_LOG_LEVEL: 'error',
      ...env,
    },
  })
  t.teardown(() => child.kill('SIGKILL'))
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  await until(() => out.includes('\n') || child.exitCode !== null, 'the line that says it listens')
  const { listening } = JSON.parse(out) as { listening: { admin: string } }
  return { child, admin: listening.admin }
}

export async function portAt(admin: string, endpoint = ENDPOINT): Promise<number> {
  let address: string | undefined
  await until(async () => {
    const got = (await (await fetch(`http://${admin}/v1/edge`)).json()) as {
      endpoints: Record<string, string>
    }
    address = got.endpoints[endpoint]
    return address !== undefined
  }, 'a port')
  return Number(address?.split(':').at(-1))
}
