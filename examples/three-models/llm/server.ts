import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { numberFrom, port } from '../config.ts'
import { BadRequest, readJson, sendJson, serve } from '../http.ts'
import type { Handler } from '../http.ts'
import { fits } from './engine.ts'
import { createMetrics } from './metrics.ts'
import { event, roleChunk, tokenChunk, usageChunk, whole, word } from './reply.ts'
import type { Head } from './reply.ts'
import { MODEL, requestFrom } from './request.ts'
import type { Kind, Request } from './request.ts'
import { createRunner } from './runner.ts'
import { engineSettings } from './settings.ts'

/** The EMULATOR of a continuous-batching LLM engine behind OpenAI's API. */

const MAX_BODY_BYTES = 1024 * 1024

const settings = engineSettings()
const runner = createRunner(
  settings,
  numberFrom('EMULATOR_SPEED', { or: 1, min: 0.01, max: 1_000 }),
)
const metrics = createMetrics(runner.engine)
const started = Math.floor(Date.now() / 1000)

serve('emulated-llm', port(), {
  'GET /health': (_, res) => void res.end(),
  'GET /metrics': async (_, res) => {
    const text = await metrics.registry.metrics()
    res.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text)
  },
  'GET /v1/models': (_, res) => {
    const model = { id: MODEL, object: 'model', created: started, owned_by: 'outrigger-examples' }
    sendJson(res, 200, { object: 'list', data: [model] })
  },
  'POST /v1/chat/completions': complete('chat'),
  'POST /v1/completions': complete('completion'),
})

function complete(kind: Kind): Handler {
  return async (req, res) => {
    const request = requestFrom(kind, await readJson(req, MAX_BODY_BYTES))
    const { promptTokens, maxTokens, stream } = request
    if (!fits(runner.engine(), promptTokens, maxTokens)) {
      const most = settings.blocks * settings.blockTokens
      throw new BadRequest(`prompt and max_tokens together may have ${most} tokens at most`)
    }
    const id = `${kind === 'chat' ? 'chatcmpl' : 'cmpl'}-${randomUUID()}`
    const head = { id, created: Math.floor(Date.now() / 1000) }
    const tell = stream ? streamed(res, head, request) : atOnce(res, head, request)
    run(res, request, tell)
  }
}

/** Hands the request to the engine; a client that leaves takes its sequence, and its blocks, along. */
function run(
  res: ServerResponse,
  request: Request,
  tell: (at: number, last: boolean) => void,
): void {
  const { promptTokens, maxTokens } = request
  const arrived = performance.now()
  let at = 0
  const leave = runner.submit(promptTokens, maxTokens, last => {
    const seconds = (performance.now() - arrived) / 1000
    metrics.token(at === 0 ? { promptTokens, seconds } : null)
    tell(at++, last)
  })
  res.once('close', leave)
}

function atOnce(res: ServerResponse, head: Head, request: Request) {
  return (_: number, last: boolean) => {
    if (last) sendJson(res, 200, whole(head, request))
  }
}

/** Server-sent events: headers at once, then an event a token. */
function streamed(res: ServerResponse, head: Head, request: Request) {
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  res.flushHeaders()
  return (at: number, last: boolean) => {
    const opening = at === 0 && request.kind === 'chat' ? event(roleChunk(head, request)) : ''
    res.write(opening + event(tokenChunk(head, request, word(at), last)))
    if (!last) return
    if (request.includeUsage) res.write(event(usageChunk(head, request)))
    res.end(event('[DONE]'))
  }
}
