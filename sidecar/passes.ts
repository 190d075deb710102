import { randomBytes } from 'node:crypto'
import { signedPass } from '../core/model/order.ts'
import { check } from '../core/model/schema.ts'
import { refusal } from '../core/runtime/signing.ts'

/** Which x-outrigger-pass values show an edge. A signature is verified once; the value is good until its end. */
export interface Passes {
  /** `connection`: any object that stands for the one on which it came. */
  good(value: string, connection: object): boolean
  /**
   * A word that stands for a pass which was good, on its connection and nowhere else, until the pass ends; null where
   * `value` is such a word itself. By chance, 128 bit: whoever shares the connection (a mesh mixes them up) can't guess it.
   */
  wordFor(value: string, connection: object): string | null
  /** `to` stands for the same connection from now on. */
  moved(from: object, to: object): void
}

/** Two hundred edges at most; forged values are not kept. */
const MOST = 200
const LONGEST = 4096
/** A connection with a pass that is none may show no new one for so long, ms: looking into them is what costs. */
const BARRED_MS = 1000
const WORD_BYTES = 16
const WORD_LENGTH = 22

/** What is known of a connection. Times in ms. */
interface Known {
  word: string
  until: number
  barredUntil: number
}

export function passes(options: { endpoint: string; rootKey: string; now: () => number }): Passes {
  const verified = new Map<string, number>()
  const connections = new WeakMap<object, Known>()

  function verify(value: string): number | null {
    if (value.length > LONGEST) return null
    const checked = check(signedPass, parse(value))
    if (!checked.ok || checked.value.pass.endpoint !== options.endpoint) return null
    if (refusal(checked.value, options.rootKey, options.now()) !== null) return null
    const until = Math.min(checked.value.pass.until, checked.value.key.until)
    if (verified.size >= MOST) verified.clear()
    verified.set(value, until)
    return until
  }

  function knownOf(connection: object): Known {
    let known = connections.get(connection)
    if (known === undefined) {
      known = { word: '', until: -Infinity, barredUntil: -Infinity }
      connections.set(connection, known)
    }
    return known
  }

  return {
    good(value, connection) {
      const now = options.now()
      const known = knownOf(connection)
      if (value === known.word && value !== '') return known.until >= now
      let until = verified.get(value) ?? null
      if (until === null) {
        if (now < known.barredUntil) return false
        until = verify(value)
        if (until === null) known.barredUntil = now + BARRED_MS
      }
      if (until === null || until < now) return false
      known.until = until
      if (known.word === '') known.word = randomBytes(WORD_BYTES).toString('base64url')
      return true
    },
    wordFor(value, connection) {
      if (value.length <= WORD_LENGTH) return null
      const { word = '' } = connections.get(connection) ?? {}
      return word === '' ? null : word
    },
    moved(from, to) {
      connections.set(to, knownOf(from))
    },
  }
}

function parse(value: string): unknown {
  try {
    return JSON.parse(Buffer.from(value, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}
