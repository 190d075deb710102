import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

/**
 * An answer of our own to a client, in place of the model's: small JSON {error: {reason, message}}. Where an
 * answer has begun already there is nothing left to say, and the connection is cut.
 */
export function sendError(
  response: ServerResponse,
  status: number,
  reason: string,
  message: string,
  headers: OutgoingHttpHeaders,
): void {
  if (response.headersSent || response.destroyed) return void response.destroy()
  const body = errorBody(reason, message)
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

/** The body of such an answer. */
export function errorBody(reason: string, message: string): string {
  return `${JSON.stringify({ error: { reason, message } })}\n`
}
