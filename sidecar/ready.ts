import { connect } from 'node:net'
import { realTime, type Time } from '../core/carry/time.ts'
import type { Clock } from '../core/runtime/clock.ts'
import type { Address } from '../core/runtime/environment.ts'
import { bracketed } from '../core/runtime/listen.ts'
import type { ModelSight } from './admit/drain.ts'

/**
 * Follows the model's readiness: asks each second, believes a yes at once and a no after two. While nobody uses the
 * model it is asked only when somebody asks us.
 */
export interface Readiness {
  ready(): boolean
  /** Why it is not, in words; null when it is. */
  why(): string | null
  /** What came of it when it was last asked: at the first of any. */
  last(): ModelSight
  /** To be called with each sample: a timer of its own would wake the process once more. */
  tick(): void
  /** Resolves when what is known is new enough to be told, or when that takes too long. */
  fresh(): Promise<void>
  stop(): void
}

const TIME_OUT_MS = 1000
const FAILURES = 2
/** While it starts, so that a replica counts as soon as it can serve. */
const SOON_MS = 250
/** A container that is started again was seen to be away for as little as 200 ms. */
const HURRY_MS = 50
/** While nobody uses it, an answer is good for so long. */
const FRESH_US = 5_000_000
/** Who asks waits no longer for a model that does not answer: a kubelet gives up after 2 s. */
const WAIT_MS = 1200

export interface ReadinessOptions {
  app: Address
  clock: Pick<Clock, 'us'>
  /** null: a connection is answer enough. */
  path: string | null
  /** The model is about to be started again, so that it has to be seen going and coming. */
  hurried(): boolean
  /** No request is there, and none came for a while. */
  resting(): boolean
  probe?: (app: Address, path: string | null) => Promise<Probed | null>
  time?: Pick<Time, 'after'>
}

export function readiness(options: ReadinessOptions): Readiness {
  const { app, path, clock, hurried, resting, probe = ask, time = realTime } = options
  let failures = FAILURES
  let why: string | null = 'the model has not answered yet'
  let last: ModelSight = 'silent'
  /** Forgets the next question. */
  let timer: (() => void) | null = null
  let asking = false
  let answeredUs = -Infinity
  let stopped = false
  let waiting: (() => void)[] = []

  async function round(): Promise<void> {
    timer = null
    asking = true
    const found = await probe(app, path)
    asking = false
    answeredUs = clock.us()
    failures = found === null ? 0 : failures + 1
    if (failures === 0 || failures >= FAILURES) why = found?.why ?? null
    last = found === null ? 'answers' : found.refused ? 'gone' : 'silent'
    // One no is no answer yet: it is asked once more.
    if (failures !== 1) answer()
    const pause = hurried() ? HURRY_MS : failures > 0 ? SOON_MS : null
    if (!stopped && pause !== null) timer = time.after(pause, () => void round())
  }
  function answer(): void {
    for (const told of waiting) told()
    waiting = []
  }
  void round()
  return {
    ready: () => why === null,
    why: () => why,
    last: () => last,
    tick() {
      if (asking || timer !== null || stopped) return
      if (hurried() || !resting()) void round()
    },
    async fresh() {
      if (stopped || !resting() || clock.us() - answeredUs < FRESH_US) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const forget = time.after(WAIT_MS, resolve)
      waiting.push(resolve)
      if (!asking && timer === null) void round()
      await promise
      forget()
    },
    stop() {
      stopped = true
      answer()
      timer?.()
    },
  }
}

interface Probed {
  /** Why it is not ready, in words. */
  why: string
  /** Nobody listens at its port. */
  refused: boolean
}

/** Of an answer that is longer no more is kept. */
const MOST_HEAD = 16_384

/**
 * Null when ready, else why not. Never rejects. Straight on a socket, since node:http takes half as long again, of
 * which only the status is read. The rest is taken, too: some servers log an error where nobody does. The
 * connection is not kept: a server of one thread would serve nobody else meanwhile.
 */
function ask({ host, port }: Address, path: string | null): Promise<Probed | null> {
  return new Promise(resolve => {
    const about = path === null ? '' : `${path}: `
    const socket = connect({ host, port })
    const no = (why: string, refused = false): void => resolve({ why: about + why, refused })
    const late = setTimeout(() => {
      no(`no ${path === null ? 'connection' : 'answer'} within ${TIME_OUT_MS} ms`)
      socket.destroy()
    }, TIME_OUT_MS)
    socket.on('error', (error: NodeJS.ErrnoException) =>
      no(error.message, error.code === 'ECONNREFUSED'),
    )
    socket.on('close', () => {
      clearTimeout(late)
      no('closed without an answer in HTTP/1')
    })
    if (path === null) {
      socket.on('connect', () => {
        resolve(null)
        socket.destroy()
      })
      return
    }
    const at = `${bracketed(host)}:${port}`
    socket.write(`GET ${path} HTTP/1.1\r\nhost: ${at}\r\nconnection: close\r\n\r\n`, 'latin1')
    let head = ''
    socket.on('data', (part: Buffer) => {
      if (head.length < MOST_HEAD) head += part.toString('latin1')
      const status = statusOf(head)
      if (status === null) return
      resolve(status < 400 ? null : { why: `${path} answered ${status}`, refused: false })
    })
  })
}

/** Of the first answer that is no interim one (1xx); null where there is none yet. */
function statusOf(text: string): number | null {
  for (let at = 0; ;) {
    const code = /^HTTP\/1\.[01] ([1-9]\d\d)$/.exec(text.slice(at, at + 12))?.[1]
    if (code === undefined) return null
    if (!code.startsWith('1')) return Number(code)
    const end = text.indexOf('\r\n\r\n', at)
    if (end < 0) return null
    at = end + 4
  }
}
