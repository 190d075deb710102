import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'

const MODELS = new URL('../../../examples/three-models/', import.meta.url)

export type ModelProcess = {
  url: string
  child: ChildProcess
  /** Sends SIGTERM and gives the exit code. */
  stop: () => Promise<number | null>
  post: (path: string, body: unknown, signal?: AbortSignal) => Promise<Response>
  /** A POST of which the server has read the head; `finish` sends the body and gives the status. */
  begin: (path: string, body: unknown) => Promise<{ finish: () => Promise<number> }>
}

/** Starts an example server on a free port; it is gone when the test ends. */
export async function startModel(
  t: ExecutionContext,
  server: string,
  { args = [], env = {} }: { args?: string[]; env?: Record<string, string> } = {},
): Promise<ModelProcess> {
  const child = spawnModel(server, args, { PORT: '0', ...env })
  t.teardown(() => child.kill('SIGKILL'))
  const url = await address(child)
  return {
    url,
    child,
    stop: async () => {
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      const [code] = await exit
      return code
    },
    post: (path, body, signal) =>
      fetch(url + path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        signal: signal ?? null,
      }),
    begin: (path, body) => begin(url + path, JSON.stringify(body)),
  }
}

// "Expect: 100-continue" makes the server say when it has read the head.
async function begin(url: string, body: string): Promise<{ finish: () => Promise<number> }> {
  const headers = { expect: '100-continue', 'content-length': Buffer.byteLength(body) }
  const req = request(url, { method: 'POST', headers, agent: false })
  const reply = once(req, 'response')
  req.flushHeaders()
  await once(req, 'continue')
  return {
    finish: async () => {
      req.end(body)
      const [res] = (await reply) as [IncomingMessage]
      res.resume()
      await once(res, 'end')
      return res.statusCode ?? 0
    },
  }
}

/** Starts a server that should refuse to run; gives its exit code and what it said. */
export async function failedStart(
  server: string,
  { args = [], env = {} }: { args?: string[]; env?: Record<string, string> },
): Promise<{ code: number | null; stderr: string }> {
  const child = spawnModel(server, args, { PORT: '0', ...env })
  let stderr = ''
  child.stderr?.on('data', chunk => (stderr += String(chunk)))
  const [code] = await once(child, 'close')
  return { code, stderr }
}

function spawnModel(server: string, args: string[], env: Record<string, string>): ChildProcess {
  const file = fileURLToPath(new URL(server, MODELS))
  return spawn(process.execPath, [file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** The address in the first line that the server prints, which it does once it listens. */
async function address(child: ChildProcess): Promise<string> {
  let said = ''
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const read = (chunk: Buffer) => {
    said += String(chunk)
    const found = /listening on (http:\S+)\n/.exec(said)?.[1]
    if (found !== undefined) resolve(found)
  }
  child.stdout?.on('data', read)
  child.stderr?.on('data', read)
  child.once('exit', code => reject(new Error(`the model ended with ${code}: ${said}`)))
  return promise
}
