import {
  mkdirSync,
  openSync,
  closeSync,
  fsyncSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { newer, signedOrder, type Order } from '../core/model/order.ts'
import { check, sentence } from '../core/model/schema.ts'
import { refusal } from '../core/runtime/signing.ts'

/**
 * Orders come signed, are kept on disk, and the kept one is in force again after a restart: a controller
 * that is away changes nothing.
 */
export type OrderResult =
  | 'taken'
  /** In force already: a sender whose answer was lost may send again. */
  | 'same'
  | 'malformed'
  | 'wrong-endpoint'
  | 'wrong-revision'
  | 'not-newer'
  | 'key-expired'
  | 'key-not-of-root'
  | 'bad-signature'

export interface Orders {
  /** Takes it, or says why not in words. Every result is counted. */
  put(value: unknown): { result: OrderResult; words: string }
  current(): Order | null
  /** Received since the start, by result. */
  counts(): ReadonlyMap<OrderResult, number>
}

export interface OrdersOptions {
  endpoint: string
  revision: string
  rootKey: string
  stateDir: string
  /** ms since 1970. */
  now: () => number
  /** Told each new one; the kept one is `current` from the start. */
  taken: (order: Order) => void
  /** Told why a kept order was not good any more. */
  say: (sentence: string) => void
}

/** Reads the kept order; throws when the folder can't be made. */
export function orders(options: OrdersOptions): Orders {
  const file = join(options.stateDir, 'order.json')
  mkdirSync(options.stateDir, { recursive: true })
  let current: Order | null = null
  const counts = new Map<OrderResult, number>()

  function judge(
    value: unknown,
    atStart: boolean,
  ): { result: OrderResult; words: string; order?: Order } {
    const checked = check(signedOrder, value)
    if (!checked.ok) return { result: 'malformed', words: checked.issues.map(sentence).join('; ') }
    const { order } = checked.value
    if (order.endpoint !== options.endpoint) {
      return { result: 'wrong-endpoint', words: `this is ${options.endpoint}` }
    }
    if (order.revision !== options.revision) {
      return { result: 'wrong-revision', words: `this is revision ${options.revision}` }
    }
    // A key that ended since is no reason to forget an order that was good when it came.
    const why = refusal(checked.value, options.rootKey, atStart ? 0 : options.now())
    if (why !== null && why !== 'pass-expired')
      return { result: why, words: why.replaceAll('-', ' ') }
    if (isDeepStrictEqual(order, current)) return { result: 'same', words: 'in force already' }
    if (!newer(order, current)) {
      return { result: 'not-newer', words: `epoch ${current?.epoch}, n ${current?.n} is in force` }
    }
    return { result: 'taken', words: 'taken', order }
  }

  const kept = readKept(file)
  if (kept !== undefined) {
    const { order, words } = judge(kept, true)
    if (order === undefined) options.say(`The kept order is not used: ${words}.`)
    else current = order
  }

  return {
    put(value) {
      const judged = judge(value, false)
      const { result, order } = judged
      let { words } = judged
      if (order !== undefined) {
        try {
          keep(file, JSON.stringify(value))
        } catch (error) {
          // In force all the same: the learned limit matters more than the next restart.
          options.say(`The order could not be kept: ${String(error)}.`)
          words = 'taken, but not kept'
        }
        current = order
        options.taken(order)
      }
      counts.set(result, (counts.get(result) ?? 0) + 1)
      return { result, words }
    },
    current: () => current,
    counts: () => counts,
  }
}

function readKept(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Whole or not at all, also over a crash. */
function keep(file: string, text: string): void {
  const next = `${file}.next`
  const fd = openSync(next, 'w', 0o600)
  try {
    writeSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(next, file)
}
