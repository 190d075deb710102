import { setTimeout as wait } from 'node:timers/promises'
import type { ServerResponse } from 'node:http'
import { integerFrom, numberFrom, port } from '../config.ts'
import { BadRequest, asObject, readJson, sendJson, serve } from '../http.ts'
import { planCalls } from './plan.ts'
import type { Call } from './plan.ts'

/** An I/O-bound model: a request is almost all waiting, so hundreds at once fit on one core. */

const MAX_BODY_BYTES = 64 * 1024
const MAX_QUESTION = 4_000

const seed = integerFrom('AGENT_SEED', { or: 1, min: 0, max: 2 ** 32 - 1 })
const meanMs = numberFrom('AGENT_MEAN_MS', { or: 250, min: 1, max: 60_000 })
let requests = 0

serve('agent', port(), {
  'GET /healthz': (_, res) => sendJson(res, 200, { status: 'ok' }),
  'POST /v1/run': async (req, res) => {
    const question = questionFrom(await readJson(req, MAX_BODY_BYTES))
    const calls = planCalls(seed, requests++, meanMs)
    if (await finished(calls, res)) {
      sendJson(res, 200, { answer: `${calls.length} calls later: ${question}`, calls })
    }
  },
})

/** Makes the calls one after another. False when the client left; the rest is then not made. */
async function finished(calls: Call[], res: ServerResponse): Promise<boolean> {
  const gone = new AbortController()
  const leave = () => gone.abort()
  res.once('close', leave)
  try {
    for (const { ms } of calls) await wait(ms, undefined, { signal: gone.signal })
    return true
  } catch (error) {
    if (gone.signal.aborted) return false
    throw error
  } finally {
    res.off('close', leave)
  }
}

function questionFrom(body: unknown): string {
  const { question } = asObject(body)
  if (typeof question === 'string' && question !== '' && question.length <= MAX_QUESTION) {
    return question
  }
  throw new BadRequest(`question must be a text of 1 to ${MAX_QUESTION} characters`)
}
