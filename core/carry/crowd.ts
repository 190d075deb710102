import type { Socket } from 'node:net'
import { errorSaid } from './said.ts'
import { saidText } from './wire.ts'

/** Who is refused and does not go is cut off. */
const REFUSED_MS = 1000

/** Lets so many connections of clients be open at once. */
export interface Crowd {
  accept(socket: Socket, take: (socket: Socket) => void): void
  open(): number
}

/** Beyond `most` there is no more than a word, little time to hear it, and that not for all at once. */
export function crowd(most: number): Crowd {
  const refuse = refusal(Math.max(8, Math.floor(most / 8)))
  let open = 0
  return {
    accept(socket, take) {
      if (open >= most) return refuse(socket)
      open++
      socket.once('close', () => open--)
      take(socket)
    },
    open: () => open,
  }
}

function refusal(most: number): (socket: Socket) => void {
  let told = 0
  return socket => {
    socket.on('error', () => socket.destroy())
    if (told >= most) return void socket.destroy()
    told++
    const timer = setTimeout(() => socket.destroy(), REFUSED_MS)
    socket.once('close', () => {
      told--
      clearTimeout(timer)
    })
    socket.end(saidText(crowded(), false, ''), 'latin1')
    socket.resume()
  }
}

function crowded() {
  return errorSaid(503, 'connections', 'Too many connections are open.', { connection: 'close' })
}
