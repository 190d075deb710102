import { get } from 'node:http'
import { connect } from 'node:net'
import type { Address } from '../core/runtime/environment.ts'
import type { ModelSight } from './admit/drain.ts'

/** Follows the model's readiness: asks each second, believes a yes at once and a no after two. */
export interface Readiness {
  ready(): boolean
  /** Why it is not, in words; null when it is. */
  why(): string | null
  /** What came of it when it was last asked: at the first of any. */
  last(): ModelSight
  stop(): void
}

const EVERY_MS = 1000
const TIME_OUT_MS = 1000
const FAILURES = 2
/** A container that is started again was seen to be away for as little as 200 ms. */
const HURRY_MS = 50

/** `hurried`: the model is about to be started again, so that it has to be seen going and coming. */
export function readiness(
  app: Address,
  path: string | null,
  hurried: () => boolean,
  probe: (app: Address, path: string | null) => Promise<Probed | null> = ask,
): Readiness {
  let failures = FAILURES
  let why: string | null = 'the model has not answered yet'
  let last: ModelSight = 'silent'
  let timer: NodeJS.Timeout | null = null
  let stopped = false

  async function round(): Promise<void> {
    const found = await probe(app, path)
    failures = found === null ? 0 : failures + 1
    if (failures === 0 || failures >= FAILURES) why = found?.why ?? null
    last = found === null ? 'answers' : found.refused ? 'gone' : 'silent'
    // Soon while it starts, so that a replica counts as soon as it can serve.
    const calm = failures === 0 ? EVERY_MS : EVERY_MS / 4
    if (!stopped) timer = setTimeout(() => void round(), hurried() ? HURRY_MS : calm)
  }
  void round()
  return {
    ready: () => why === null,
    why: () => why,
    last: () => last,
    stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}

interface Probed {
  /** Why it is not ready, in words. */
  why: string
  /** Nobody listens at its port. */
  refused: boolean
}

const failed = (error: NodeJS.ErrnoException, about = ''): Probed => ({
  why: about + error.message,
  refused: error.code === 'ECONNREFUSED',
})

/** Null when ready, else why not. Never rejects. */
function ask(app: Address, path: string | null): Promise<Probed | null> {
  return path === null ? askConnection(app) : askPath(app, path)
}

function askPath(app: Address, path: string): Promise<Probed | null> {
  return new Promise(resolve => {
    const request = get(
      { host: app.host, port: app.port, path, agent: false, timeout: TIME_OUT_MS },
      response => {
        const status = response.statusCode ?? 0
        response.resume()
        const why = `${path} answered ${status}`
        resolve(status >= 200 && status < 400 ? null : { why, refused: false })
      },
    )
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIME_OUT_MS} ms`)))
    request.on('error', error => resolve(failed(error, `${path}: `)))
  })
}

function askConnection(app: Address): Promise<Probed | null> {
  return new Promise(resolve => {
    const socket = connect({ host: app.host, port: app.port, timeout: TIME_OUT_MS })
    const end = (found: Probed | null): void => {
      socket.destroy()
      resolve(found)
    }
    socket.on('connect', () => end(null))
    const late = { why: `no connection within ${TIME_OUT_MS} ms`, refused: false }
    socket.on('timeout', () => end(late))
    socket.on('error', error => end(failed(error)))
  })
}
