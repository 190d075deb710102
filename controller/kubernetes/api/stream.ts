import type { IncomingMessage } from 'node:http'
import type { Access } from './access.ts'
import { openStream, type Question } from './exchange.ts'

/**
 * One question whose answer is read as it comes, whatever its status: streams, and what the API server's
 * proxy passes on. `timeoutMs` is until its head; whoever reads watches over the rest.
 */
export async function openAnswer(
  access: Access,
  question: Question,
  timeoutMs: number,
): Promise<IncomingMessage> {
  const first = await once(access, question, timeoutMs)
  if (first.statusCode !== 401 || !access.refused()) return first
  first.destroy()
  return once(access, question, timeoutMs)
}

async function once(
  access: Access,
  question: Question,
  timeoutMs: number,
): Promise<IncomingMessage> {
  const reach = await access.reach()
  return new Promise((resolve, reject) => {
    const asked = openStream(reach, question)
    const silent = setTimeout(
      () => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    )
    asked.on('error', reject)
    asked.on('close', () => clearTimeout(silent))
    asked.on('response', response => {
      clearTimeout(silent)
      resolve(response)
    })
  })
}
