import { connect, createServer } from 'node:net'

/** A port that was free a moment ago. Handed to a child at once: the kernel gives them out in turn, so a clash is rare and is retried by whoever restarts the child. */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return listenOnce(0, host)
}

/** Null when the port may be listened on, else the system's code (EADDRINUSE, EACCES). */
export async function portProblem(port: number, host = '127.0.0.1'): Promise<string | null> {
  try {
    await listenOnce(port, host)
    return null
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

function listenOnce(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, host, () => {
      const bound = server.address()
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : port))
    })
  })
}

/** Whether something listens there. */
export function accepts(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port, timeout: 1000 })
    const end = (answer: boolean) => (): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false))
  })
}
