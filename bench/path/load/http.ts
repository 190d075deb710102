import { connect, type Socket } from 'node:net'
import { Answers } from './answer.ts'
import type { Lane } from './open.ts'

export async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return socket
}

export function getRequest(port: number, path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
}

/** A kept connection that asks for one path, again and again. */
export async function httpLane(port: number, path: string): Promise<Lane> {
  const request = getRequest(port, path)
  const answers = new Answers()
  let socket = await dial(port)
  let done: ((good: boolean) => void) | null = null
  listen()
  return {
    send(then) {
      done = then
      socket.write(request)
    },
  }

  function listen(): void {
    socket.on('data', (part: Buffer) => {
      const verdict = answers.take(part)
      if (verdict !== null) finish(verdict)
    })
    socket.on('error', () => undefined)
    socket.once('close', () => void again())
  }

  /** A connection that ended is opened anew; the request that it had is lost. */
  async function again(): Promise<void> {
    answers.clear()
    const next = await dial(port).catch(() => null)
    if (next === null) return
    socket = next
    listen()
    finish(false)
  }

  function finish(good: boolean): void {
    const then = done
    done = null
    then?.(good)
  }
}
