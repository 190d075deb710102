import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { isRefusal, readHead, type Head, type Refusal } from '../core/http/head.ts'
import { answerRefusal, bareText } from './answers.ts'
import { Call } from './call.ts'
import type { Desk } from './desk.ts'
import { tunnel } from './tunnel.ts'

/**
 * One request, top to bottom; docs/edge.md lists the same steps in the same order. Steps 3 to 6 follow the
 * dispatcher's words (Desk.act) and happen in Call.
 */
export function handle(desk: Desk, request: IncomingMessage, response: ServerResponse): void {
  const arrivedUs = desk.around.clock.us()
  // 1 Parse
  const head = read(request)
  if (isRefusal(head)) return answerRefusal(response, head)
  // 2 Deadline
  const clientUs = arrivedUs + patienceUs(head)
  // 3 Hold, until a replica has a free slot: at once in calm
  const id = desk.nextId()
  desk.meter.offered()
  desk.calls.set(id, new Call(desk, { id, head, request, response, arrivedUs, clientUs }))
  desk.run(now => desk.dispatch.arrive(id, clientUs, now))
  // 4 Forward (Call.send), 5 measure, 6 release (Call.served, Call.left)
}

/** A connection that asks to be upgraded: WebSocket is passed through, without a slot. */
export function handleUpgrade(
  desk: Desk,
  request: IncomingMessage,
  socket: Duplex,
  firstBytes: Buffer,
): void {
  const head = read(request)
  if (isRefusal(head)) return void socket.end(bareText(`${head.status} Refused`, 'bad-request'))
  if (!head.webSocket) return void socket.end(bareText('501 Not Implemented', 'bad-request'))
  tunnel(desk, head, socket, firstBytes)
}

function read(request: IncomingMessage): Head | Refusal {
  return readHead({
    version: request.httpVersion,
    method: request.method ?? '',
    target: request.url ?? '',
    raw: request.rawHeaders,
  })
}

/** us that the client says it will wait, or Infinity. */
function patienceUs(head: Head): number {
  const text = head.own['deadline-ms']
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Infinity
}
