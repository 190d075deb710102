import type { IncomingMessage } from 'node:http'
import { readHead, type Head, type Refusal } from '../http/head.ts'

/** What node:http read, read strictly. `most`: headers that it may have. */
export function readMessage(request: IncomingMessage, most: number): Head | Refusal {
  return readHead({
    version: request.httpVersion,
    method: request.method ?? '',
    target: request.url ?? '',
    raw: request.rawHeaders,
    most,
  })
}
