import type { IncomingMessage } from 'node:http'
import { Refused } from '../../../core/runtime/admin.ts'

/** An API server takes an object of 3 MiB at most. */
export const MOST_BYTES = 3 * 1024 * 1024
/** All that are being read at a time. */
const MOST_AT_ONCE = 64 * 1024 * 1024
/** What pods and Deployments usually are: read even where large ones are turned away. */
const SMALL = 256 * 1024

/**
 * Bodies of requests. Whoever reaches the port may send them, and slowly, so all together have a bound: beyond
 * it large ones are turned away, and what an API server usually asks is still answered.
 */
export class Bodies {
  private bytes = 0

  async read(request: IncomingMessage): Promise<string> {
    const refusal = new Refused(413, `the body: expected at most ${MOST_BYTES} bytes, got more`)
    const parts: Buffer[] = []
    let [size, kept] = [0, 0]
    try {
      // A client that still sends would not see an answer: what is too much is read on for a while, and dropped.
      for await (const part of request.iterator({
        destroyOnReturn: false,
      }) as AsyncIterable<Buffer>) {
        size += part.length
        if (size > 4 * MOST_BYTES) throw refusal
        if (size > MOST_BYTES) continue
        parts.push(part)
        kept += part.length
        this.bytes += part.length
        if (this.bytes > MOST_AT_ONCE && kept > SMALL)
          throw new Refused(503, 'too many large bodies are being read')
      }
      if (size > MOST_BYTES) throw refusal
      return textOf(Buffer.concat(parts))
    } finally {
      this.bytes -= kept
    }
  }
}

function textOf(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw new Refused(400, 'the body: expected UTF-8, got other bytes')
  }
}
