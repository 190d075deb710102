import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { wordsOfError } from '../core/runtime/log.ts'
import type { Way } from './way.ts'

/** What the live page asks for: it changes nothing, and shows no passes of edges. */
const SHOWN = /^\/($|\?|assets\/|v1\/(endpoints|log)(\?|$)|v1\/(history|decisions|explain)\/)/
/** What a browser has to know of an answer. */
const KEPT = ['content-type', 'content-security-policy', 'x-content-type-options', 'cache-control']

/**
 * Gives browsers of this machine what the controller shows, with our rights: only what the page reads, and
 * only to pages of this machine: another's whose name was pointed here (DNS rebinding) names itself in Host.
 */
export function forwarder(way: Way): Server {
  return createServer((request, response) => {
    const refused = refusalOf(request)
    if (refused !== null) return say(response, ...refused)
    way
      .open('GET', request.url ?? '/')
      .then(answer => pass(answer, response))
      .catch((error: unknown) => say(response, 502, wordsOfError(error)))
  })
}

function refusalOf({ method, url, headers }: IncomingMessage): [number, string] | null {
  const host = (headers.host ?? '').replace(/:\d+$/, '')
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(host))
    return [403, `this is not ${JSON.stringify(host)}; ask for it as localhost`]
  if (method !== 'GET') return [405, 'this only shows: GET']
  return SHOWN.test(url ?? '') ? null : [404, 'nothing of the live page is there']
}

function pass(answer: IncomingMessage, response: ServerResponse): void {
  const headers = KEPT.flatMap(name => {
    const value = answer.headers[name]
    return typeof value === 'string' ? [[name, value] as const] : []
  })
  response.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers))
  response.flushHeaders()
  pipeline(answer, response, () => undefined)
}

function say(response: ServerResponse, status: number, error: string): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(`${JSON.stringify({ error })}\n`)
}
