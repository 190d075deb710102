import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The connections of a server, and since when those without a request under way rest. */
export class Resting {
  private readonly uses = new Map<Socket, { open: number; sinceUs: number }>()
  private readonly us: () => number

  constructor(server: Server, us: () => number) {
    this.us = us
    const begin = (request: IncomingMessage, response: ServerResponse): void => {
      const use = this.uses.get(request.socket)
      if (use === undefined) return
      use.open++
      response.once('close', () => {
        use.open--
        use.sinceUs = us()
      })
    }
    server.on('connection', (socket: Socket) => {
      this.uses.set(socket, { open: 0, sinceUs: us() })
      socket.once('close', () => this.uses.delete(socket))
    })
    server.on('request', begin)
    server.on('checkContinue', begin)
    server.on('checkExpectation', begin)
    // An upgraded one is a tunnel, which is closed by itself.
    server.on('upgrade', ({ socket }: IncomingMessage) => this.uses.delete(socket))
  }

  get size(): number {
    return this.uses.size
  }

  /** Closes those that rested so long since `fromUs`: a request may be under way on any other. */
  close(fromUs: number, restUs: number): void {
    const longUs = this.us() - restUs
    for (const [socket, { open, sinceUs }] of this.uses) {
      if (open === 0 && Math.max(sinceUs, fromUs) <= longUs) socket.destroy()
    }
  }
}
