import type { IncomingMessage, ServerResponse } from 'node:http'
import { say, tooSlow } from './said.ts'

/**
 * What node:http has no time-out for: a client that owes bytes of a body and sends none for `ms` is told so and
 * loses its place. `first`: done before it is told.
 */
export function watchBody(
  request: IncomingMessage,
  response: ServerResponse,
  ms: number,
  first: () => void = () => undefined,
): void {
  const { socket, headers } = request
  if (headers['transfer-encoding'] === undefined && headers['content-length'] === undefined) return
  let seen = socket.bytesRead
  const timer = setInterval(() => {
    // Not read for now: it waits for a slot, or for a model that reads slowly.
    const waits = request.readableFlowing === true && socket.bytesRead === seen
    seen = socket.bytesRead
    if (request.complete) return clearInterval(timer)
    if (!waits) return
    clearInterval(timer)
    first()
    say(response, tooSlow('body'))
    response.once('finish', () => socket.destroySoon())
  }, ms)
  response.once('close', () => clearInterval(timer))
  request.once('end', () => clearInterval(timer))
}
