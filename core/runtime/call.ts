import { Agent, request } from 'node:http'

const agent = new Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 16, timeout: 30_000 })

export interface Called {
  status: number
  json: unknown
}

/** One small JSON call to a peer's admin server. Rejects on a failed connection or after `timeoutMs`. */
export function call(
  method: string,
  url: string,
  options: {
    json?: unknown
    headers?: Record<string, string>
    timeoutMs?: number
    maxBytes?: number
  } = {},
): Promise<Called> {
  const { timeoutMs = 5000, maxBytes = 16 * 1024 * 1024 } = options
  return new Promise((resolve, reject) => {
    const body = options.json === undefined ? undefined : JSON.stringify(options.json)
    const headers = {
      ...options.headers,
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    }
    const asked = request(
      url,
      { method, headers, agent, signal: AbortSignal.timeout(timeoutMs) },
      response => {
        const parts: Buffer[] = []
        let size = 0
        response.on('data', (part: Buffer) => {
          size += part.length
          if (size > maxBytes) asked.destroy(new Error(`an answer of more than ${maxBytes} bytes`))
          else parts.push(part)
        })
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8')
          try {
            resolve({
              status: response.statusCode ?? 0,
              json: text === '' ? null : JSON.parse(text),
            })
          } catch {
            resolve({ status: response.statusCode ?? 0, json: text })
          }
        })
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}
