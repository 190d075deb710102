import type { Order, SignedOrder, SignedPass } from '../core/model/order.ts'
import { signer, type KeyPair, type Signer } from '../core/runtime/signing.ts'

const DAY = 86_400_000
/** ms that a pass is good for; it is renewed when half of that is left. */
const PASS_MS = 3_600_000

/** Signs orders and edges' passes with a key that the root vouches for; a new one each day, good for two. */
export class Keyring {
  private readonly root: KeyPair
  private readonly now: () => number
  private current: { signer: Signer; since: number } | null = null
  private readonly passes = new Map<string, SignedPass>()

  constructor(root: KeyPair, now: () => number) {
    this.root = root
    this.now = now
  }

  readonly order = (order: Order): SignedOrder => this.signer().order(order)

  pass(edge: string, endpoint: string): SignedPass {
    const now = this.now()
    const key = `${edge} ${endpoint}`
    const kept = this.passes.get(key)
    if (kept !== undefined && kept.pass.until - now > PASS_MS / 2) return kept
    const made = this.signer().pass({ edge, endpoint, until: now + PASS_MS })
    this.passes.set(key, made)
    return made
  }

  private signer(): Signer {
    const now = this.now()
    if (this.current === null || now - this.current.since > DAY) {
      this.current = { signer: signer(this.root, now + 2 * DAY), since: now }
    }
    return this.current.signer
  }
}
