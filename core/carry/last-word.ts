import type { Duplex } from 'node:stream'

/** Who was told so and does not go is cut off. */
const TOLD_MS = 1000

/** Ends a connection whose upgrade is refused: node:http has let go of it, and nobody else looks after it. */
export function lastWord(socket: Duplex, text: string): void {
  socket.on('error', () => socket.destroy())
  const timer = setTimeout(() => socket.destroy(), TOLD_MS)
  socket.once('close', () => clearTimeout(timer))
  socket.end(text, 'latin1')
  socket.resume()
}
