import type { IncomingMessage, ServerResponse } from 'node:http'
import { isRefusal, type Head } from '../core/http/head.ts'
import type { Clock } from '../core/runtime/clock.ts'
import type { Ended, Ticket } from './admit/admission.ts'
import { retryAfter } from './admit/retry.ts'
import { readMessage } from '../core/carry/message.ts'
import { refused, say } from '../core/carry/said.ts'
import { failed, isGrpc, rejected } from './answers.ts'
import { isHealth, kindOf, ownHeaders, patience, repeatable, RETRY_MS, unserved } from './desk.ts'
import type { Desk } from './desk.ts'
import type { Answered, Sending } from './forward/compat.ts'
import { endAnswer, relay } from './forward/relay.ts'
import type { Trail } from './spans.ts'

/** One request, top to bottom. docs/request.md lists the same steps in the same order. */
export async function handle(
  desk: Desk,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const arrivedUs = desk.clock.us()
  // 1 Parse
  const head = readMessage(request, desk.mostHeaders)
  if (isRefusal(head)) return say(response, refused(head))
  if (isHealth(desk, head)) return passHealth(desk, head, request, response)
  // 2 Context
  const pass = head.own['pass']
  const edge = pass !== undefined && desk.passes.good(pass, request.socket)
  const trail = desk.spans.begin(head, arrivedUs)
  // 3 Admit
  const { ticket, settled } = desk.gate.enter(arrivedUs, { edge, patienceUs: patience(head.own) })
  let sending: Sending | null = null
  response.once('close', () => {
    desk.gate.leave(ticket)
    sending?.abort()
  })
  if (settled !== null) await settled
  if (isOver(ticket)) return trail.end({ ...unserved(ticket, desk), left: true })
  if (ticket.state === 'rejected') return turnAway(desk, request, response, head, ticket, trail)
  // 4 Forward
  if (head.expectsContinue) response.writeContinue()
  Object.assign(head.headers, desk.engine.ask(arrivedUs / 1000))
  const left = (): boolean => isOver(ticket)
  const answered = await send(desk, head, request, made => (sending = made), left)
  if (answered.ok) desk.engine.heard(answered.response.headers, arrivedUs / 1000)
  const relayed = answered.ok
    ? await relay(answered.response, response, answerHeaders(desk, ticket), desk, count =>
        desk.admission.tokens(count),
      )
    : null
  // 5 Measure
  const ended = outcome(desk.clock, ticket, answered, relayed)
  const status = answered.ok ? (answered.response.statusCode ?? 502) : 502
  trail.end({ ...unserved(ticket, desk), status, ...ended, left: isOver(ticket) })
  // 6 Release
  desk.gate.finish(ticket, ended)
  if (relayed !== null) endAnswer(response, relayed.complete)
  else if (!answered.ok)
    say(response, failed(answered.error, answered.sent, record(answerHeaders(desk, ticket))))
  // A model that answers before it has read everything: what it was still being sent is given up.
  if (!request.complete) closeAfter(sending, request)
}

async function passHealth(
  desk: Desk,
  head: Head,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let sending: Sending | null = null
  response.once('close', () => sending?.abort())
  const left = (): boolean => response.destroyed
  const answered = await send(desk, head, request, made => (sending = made), left)
  const own = closeHeader(desk)
  if (!answered.ok) return say(response, failed(answered.error, answered.sent, record(own)))
  const relayed = await relay(answered.response, response, own, desk, () => undefined)
  endAnswer(response, relayed.complete)
}

function turnAway(
  desk: Desk,
  request: IncomingMessage,
  response: ServerResponse,
  head: Head,
  ticket: Ticket,
  trail: Trail,
): void {
  const { admission } = desk
  const reason = ticket.reason ?? 'full'
  const seconds = retryAfter(admission.queued, admission.drainedPerSecond, desk.jitter())
  const headers = record(answerHeaders(desk, ticket))
  // A body that was never asked for may never come: the next request could not be told from it.
  if (head.expectsContinue) headers['connection'] = 'close'
  say(response, rejected(reason, isGrpc(request), seconds, headers))
  trail.end({ ...unserved(ticket, desk), status: 429, reason })
}

/** Sends, and once more where that can do no harm: nothing was sent, or it may be repeated and nothing came back. */
async function send(
  desk: Desk,
  head: Head,
  request: IncomingMessage,
  made: (sending: Sending) => void,
  left: () => boolean,
): Promise<Answered> {
  const once = (): Promise<Answered> => {
    const sending = desk.carrier.send(head, request)
    made(sending)
    return sending.answered
  }
  const first = await once()
  if (first.ok || left()) return first
  if (first.sent && !repeatable(head)) return first
  if (!first.sent) await new Promise(resolve => setTimeout(resolve, RETRY_MS))
  if (left()) return first
  const second = await once()
  return second.ok ? second : { ...second, sent: first.sent || second.sent }
}

function outcome(
  clock: Clock,
  ticket: Ticket,
  answered: Answered,
  relayed: { complete: boolean; pausedUs: number } | null,
): Ended {
  const now = clock.us()
  if (!answered.ok || relayed === null || !relayed.complete) {
    return { kind: 'server', serviceUs: Math.max(0, now - ticket.admittedUs) }
  }
  const status = answered.response.statusCode ?? 502
  return {
    kind: kindOf(status),
    serviceUs: Math.max(0, now - answered.firstByteUs - answered.clientUs - relayed.pausedUs),
  }
}

/** The client left: asked again after each wait, because the ticket changes meanwhile. */
function isOver(ticket: Ticket): boolean {
  return ticket.state === 'over'
}

function answerHeaders(desk: Desk, ticket: Ticket): string[] {
  return [...ownHeaders(desk, ticket), ...closeHeader(desk)]
}

function closeHeader(desk: Desk): string[] {
  return desk.closing() ? ['connection', 'close'] : []
}

function record(pairs: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {}
  for (let i = 0; i < pairs.length; i += 2) out[pairs[i] ?? ''] = pairs[i + 1] ?? ''
  return out
}

function closeAfter(sending: Sending | null, request: IncomingMessage): void {
  sending?.abort()
  request.resume()
}
