import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

/**
 * An open-loop HTTP client that counts exactly: each request is sent at its time whatever became of those
 * before, none is sent twice, and each ends in one count. In a test by `startLoad`, in a pod as a script
 * (`load-pod.ts`), by hand: `node load.ts --url URL --rate 120 --seconds 30`. It imports nothing of ours.
 */
export interface LoadOptions {
  url: string
  /** Requests a second. */
  rate: number
  /** Without: until `stop`. */
  seconds?: number
  /** A request without its whole answer by then has failed. */
  timeoutMs?: number
}

export interface Failure {
  /** The request's x-request-id. */
  id: string
  /** When it was sent (UTC), and how long after that it failed. */
  at: string
  afterMs: number
  what: string
  /** It was sent on a connection that had served before. */
  kept: boolean
}

export interface LoadResult {
  sent: number
  /** Whole answers with 2xx. */
  ok: number
  /** All that is neither under way nor ok. */
  failed: number
  inFlight: number
  /** Of whole answers. */
  statuses: Record<string, number>
  /** No answer, or not all of it: by the system's code, `timeout` or `incomplete`. */
  errors: Record<string, number>
  /** Answers that came through a sidecar or an edge: those with x-outrigger-waited-us. */
  through: number
  /** From the time that a request was due until its last byte, of whole answers. */
  ms: { p50: number; p99: number; max: number }
  /** How late the worst was sent: what this client itself owes. */
  lateMs: number
  connections: number
  seconds: number
  failures: Failure[]
}

export interface Load {
  now(): LoadResult
  rate(perSecond: number): void
  /** Sends no more; resolves when each request has ended. */
  stop(): Promise<LoadResult>
  ended: Promise<LoadResult>
}

export function startLoad(options: LoadOptions): Load {
  const count = new Count()
  const sender = senderOf(options, count)
  const started = performance.now()
  const { promise: ended, resolve } = Promise.withResolvers<LoadResult>()
  let gapMs = 1000 / options.rate
  let due = started
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  const now = (): LoadResult => count.result((performance.now() - started) / 1000)
  const finish = (): void => {
    if (!stopped || count.inFlight > 0) return
    sender.close()
    resolve(now())
  }
  count.settled = finish
  const stop = (): Promise<LoadResult> => {
    stopped = true
    clearTimeout(timer)
    finish()
    return ended
  }
  // A little less: sums of gaps are not exact.
  const until = started + (options.seconds ?? Infinity) * 1000 - 0.001
  const tick = (): void => {
    for (; !stopped && due <= performance.now() && due < until; due += gapMs) sender.send(due)
    if (due >= until) return void stop()
    timer = setTimeout(tick, Math.max(0, due - performance.now()))
  }
  tick()
  return {
    now,
    stop,
    ended,
    rate(perSecond) {
      gapMs = 1000 / perSecond
      due = Math.min(due, performance.now() + gapMs)
      clearTimeout(timer)
      if (!stopped) tick()
    },
  }
}

type Unnamed = Omit<Failure, 'what'>

/** How many failures are kept with their words. */
const KEEP = 30

/** How each request ended, and that it ended once. */
class Count {
  settled: () => void = () => undefined
  inFlight = 0
  connections = 0
  private sent = 0
  private ok = 0
  private through = 0
  private lateMs = 0
  private readonly statuses: Record<string, number> = {}
  private readonly errors: Record<string, number> = {}
  private readonly took: number[] = []
  private readonly failures: Failure[] = []

  begin(lateMs: number): void {
    this.sent++
    this.inFlight++
    this.lateMs = Math.max(this.lateMs, lateMs)
  }

  answered(response: IncomingMessage, ms: number, failure: Unnamed): void {
    const { statusCode: status = 0, headers } = response
    add(this.statuses, String(status))
    this.took.push(ms)
    if ('x-outrigger-waited-us' in headers) this.through++
    if (status >= 200 && status < 300) this.ok++
    else this.note(failure, `${status} ${String(headers['x-outrigger-reason'] ?? '')}`.trim())
    this.end()
  }

  broke(kind: string, words: string, failure: Unnamed): void {
    add(this.errors, kind)
    this.note(failure, words)
    this.end()
  }

  result(seconds: number): LoadResult {
    const { sent, ok, inFlight, through, connections, statuses, errors, failures } = this
    const took = this.took.toSorted((a, b) => a - b)
    const at = (share: number): number =>
      round(took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0)
    return {
      sent,
      ok,
      failed: sent - ok - inFlight,
      inFlight,
      statuses: { ...statuses },
      errors: { ...errors },
      through,
      ms: { p50: at(0.5), p99: at(0.99), max: at(1) },
      lateMs: round(this.lateMs),
      connections,
      seconds: round(seconds),
      failures: [...failures],
    }
  }

  private note(failure: Unnamed, what: string): void {
    if (this.failures.length < KEEP) this.failures.push({ ...failure, what })
  }

  private end(): void {
    this.inFlight--
    this.settled()
  }
}

const round = (number: number): number => Math.round(number * 10) / 10

function add(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}

/** A connection that rested this long is closed by us, sooner than any server does. */
const IDLE_MS = 1000

function senderOf(options: LoadOptions, count: Count) {
  const { url, timeoutMs = 30_000 } = options
  const agent = new Agent({ keepAlive: true, scheduling: 'lifo', timeout: IDLE_MS })
  const run = Math.random().toString(36).slice(2, 10)
  let n = 0
  return {
    close: () => agent.destroy(),
    send(due: number): void {
      const id = `${run}-${++n}`
      const [began, at] = [performance.now(), new Date().toISOString()]
      count.begin(began - due)
      const asked = request(url, { agent, headers: { 'x-request-id': id } })
      const failure = (): Unnamed => ({
        id,
        at,
        afterMs: round(performance.now() - began),
        kept: asked.reusedSocket,
      })
      follow(asked, timeoutMs, {
        connected: () => count.connections++,
        answered: response => count.answered(response, performance.now() - due, failure()),
        broke: (kind, words) => count.broke(kind, words, failure()),
      })
      asked.end()
    },
  }
}

interface Ends {
  connected(): void
  answered(response: IncomingMessage): void
  broke(kind: string, words: string): void
}

/** One request until its end, whatever that is: exactly one of `answered` and `broke`. */
function follow(asked: ClientRequest, timeoutMs: number, ends: Ends): void {
  let over = false
  const once = (end: () => void): void => {
    if (over) return
    over = true
    clearTimeout(timer)
    end()
  }
  const timer = setTimeout(() => {
    once(() => ends.broke('timeout', `no whole answer within ${timeoutMs} ms`))
    asked.destroy()
  }, timeoutMs)
  asked.once('socket', socket => {
    socket.setTimeout(0)
    if (socket.connecting) socket.once('connect', ends.connected)
  })
  asked.on('error', (error: NodeJS.ErrnoException) =>
    once(() => ends.broke(error.code ?? error.message, error.message)),
  )
  let begun: IncomingMessage | null = null
  asked.once('response', response => {
    begun = response
    response.once('error', () => undefined)
    response.once('end', () => once(() => ends.answered(response)))
    response.resume()
  })
  asked.once('close', () => {
    if (begun === null) return once(() => ends.broke('closed', 'closed without an answer'))
    const words = `${begun.statusCode}, and not all of it`
    if (!begun.complete) once(() => ends.broke('incomplete', words))
  })
}

const FOLLOW_MS = 250

/** Ends with 1 when a request failed. `--follow`: tells how it goes, a line each time, and takes `rate N` and `stop`. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      rate: { type: 'string', default: '120' },
      seconds: { type: 'string' },
      follow: { type: 'boolean', default: false },
    },
  })
  const { url, seconds, follow: following } = values
  if (url === undefined || !(Number(values.rate) > 0))
    throw new Error('usage: node load.ts --url URL --rate N [--seconds N] [--follow]')
  const load = startLoad({
    url,
    rate: Number(values.rate),
    ...(seconds === undefined ? {} : { seconds: Number(seconds) }),
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void load.stop())
  const close = following ? command(load) : () => undefined
  const result = await load.ended
  close()
  say(result)
  process.exitCode = result.failed === 0 ? 0 : 1
}

const say = (result: LoadResult): void => void process.stdout.write(`${JSON.stringify(result)}\n`)

function command(load: Load): () => void {
  const timer = setInterval(() => say(load.now()), FOLLOW_MS)
  const lines = createInterface({ input: process.stdin })
  lines.on('line', line => {
    const [word, value] = line.split(' ')
    if (word === 'rate') load.rate(Number(value))
    else void load.stop()
  })
  lines.once('close', () => void load.stop())
  return () => {
    clearInterval(timer)
    lines.close()
  }
}

if (import.meta.main) await main()
