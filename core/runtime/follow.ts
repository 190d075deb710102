import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http'

/** Follows a stream of JSON lines for as long as it is wanted: reconnects with jittered back-off, drops a silent peer. */
export interface FollowOptions {
  /** Asked before each connection, so that a stream resumes from where it was. */
  url: () => string
  headers?: Record<string, string>
  /** A parsed line. What it throws ends the connection and counts as nonsense. */
  line: (value: unknown) => void
  /** A connection answered: its headers and when (monotonic ms). */
  opened?: (response: IncomingMessage) => void
  /** It ended or never came: in words, and whether a line was to blame. Called once for each connection. */
  lost?: (why: string, nonsense: boolean) => void
  /** ms without a line or an answer before the peer is taken for dead. Default 5,000. */
  silenceMs?: number
  /** ms that its last line lets it be silent beyond that. Default none. */
  restMs?: () => number
  longestLine?: number
  /** ms of the first back-off (doubles to 5 s). Default 100. */
  firstDelayMs?: number
  /** Each ms delay is multiplied by this: 0.5 to 1.5 from Math.random unless given. */
  jitter?: () => number
}

const agent = new Agent({ keepAlive: false, maxSockets: Infinity })

export function follow(options: FollowOptions): { stop(): void } {
  const {
    silenceMs = 5000,
    restMs = () => 0,
    longestLine = 8 * 1024 * 1024,
    firstDelayMs = 100,
  } = options
  const jitter = options.jitter ?? (() => 0.5 + Math.random())
  let stopped = false
  let delay = firstDelayMs
  let current: ClientRequest | null = null
  let timer: NodeJS.Timeout | null = null

  function connect(): void {
    timer = null
    let ended = false
    let silence = silenceMs
    const lose = (why: string, nonsense = false): void => {
      if (ended) return
      ended = true
      asked.destroy()
      if (stopped) return
      options.lost?.(why, nonsense)
      timer = setTimeout(connect, delay * jitter())
      delay = Math.min(5000, delay * 2)
    }
    const asked = request(
      options.url(),
      { agent, headers: options.headers ?? {}, timeout: silence },
      response => {
        if (response.statusCode !== 200) return lose(`answered ${response.statusCode}`)
        options.opened?.(response)
        const take = lines(longestLine, text => {
          options.line(JSON.parse(text))
          if (silence !== silenceMs + restMs()) asked.setTimeout((silence = silenceMs + restMs()))
          // Only a good line resets the back-off: a sender of nonsense is asked ever less often.
          delay = firstDelayMs
        })
        response.on('data', (chunk: Buffer) => {
          try {
            take(chunk)
          } catch (error) {
            lose(`sent nonsense: ${error instanceof Error ? error.message : String(error)}`, true)
          }
        })
        response.on('end', () => lose('ended'))
        response.on('error', error => lose(error.message))
        response.on('close', () => lose('closed'))
      },
    )
    current = asked
    asked.on('timeout', () => lose(`silent for ${silence} ms`))
    asked.on('error', error => lose(error.message))
    asked.end()
  }
  connect()
  return {
    stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
      current?.destroy()
    },
  }
}

/** Splits bytes into lines; throws on one longer than `longest`. Exported for whoever reads lines elsewhere. */
export function lines(longest: number, line: (text: string) => void): (chunk: Buffer) => void {
  let held: Buffer[] = []
  let size = 0
  return chunk => {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      held.push(chunk.subarray(from, at))
      const whole = held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held)
      held = []
      size = 0
      from = at + 1
      if (whole.length > longest) throw new Error(`a line of ${whole.length} bytes`)
      if (whole.length > 0) line(whole.toString('utf8'))
    }
    if (from < chunk.length) {
      held.push(chunk.subarray(from))
      size += chunk.length - from
      if (size > longest) throw new Error(`a line of more than ${longest} bytes`)
    }
  }
}
