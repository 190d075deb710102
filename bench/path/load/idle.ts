import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Answers } from './answer.ts'
import { dial, getRequest } from './http.ts'

/** Opens so many connections that have each had an answer, and holds them; gives how many are still open. */
export async function hold(port: number, path: string, count: number): Promise<() => number> {
  const sockets: Socket[] = []
  for (let i = 0; i < count; i++) {
    const socket = await dial(port)
    socket.on('error', () => undefined)
    socket.write(getRequest(port, path))
    const answers = new Answers()
    let verdict: boolean | null = null
    while (verdict === null) verdict = answers.take(((await once(socket, 'data')) as [Buffer])[0])
    if (!verdict) throw new Error(`expected 200 on connection ${i}`)
    // Not read, an end of the other side would go unnoticed.
    socket.resume()
    sockets.push(socket)
  }
  return () => sockets.filter(socket => socket.readyState === 'open').length
}
