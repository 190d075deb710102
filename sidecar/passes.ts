import { check } from '../core/model/schema.ts'
import { signedPass } from '../core/model/order.ts'
import { refusal } from '../core/runtime/signing.ts'

/** Which x-outrigger-pass values show an edge. A signature is verified once; the value is good until its end. */
export interface Passes {
  good(value: string): boolean
}

/** Two hundred edges at most; forged values are not kept. */
const MOST = 200
const LONGEST = 4096

export function passes(options: { endpoint: string; rootKey: string; now: () => number }): Passes {
  const known = new Map<string, number>()

  function verify(value: string): number | null {
    const checked = check(signedPass, parse(value))
    if (!checked.ok || checked.value.pass.endpoint !== options.endpoint) return null
    if (refusal(checked.value, options.rootKey, options.now()) !== null) return null
    return Math.min(checked.value.pass.until, checked.value.key.until)
  }

  return {
    good(value) {
      const until = known.get(value)
      if (until !== undefined) {
        if (until >= options.now()) return true
        known.delete(value)
        return false
      }
      if (value.length > LONGEST) return false
      const verified = verify(value)
      if (verified === null) return false
      if (known.size >= MOST) known.clear()
      known.set(value, verified)
      return true
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
