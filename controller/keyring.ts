import type { Order, SignedOrder, SignedPass } from '../core/model/order.ts'
import { signer, type KeyPair, type Signer } from '../core/runtime/signing.ts'

const DAY = 86_400_000

/** Signs orders and edges' passes with a key that the root vouches for; a new one each day, good for two. */
export class Keyring {
  private readonly root: KeyPair
  private readonly now: () => number
  private current: { signer: Signer; since: number; until: number } | null = null
  /** By edge, then by endpoint. */
  private readonly passes = new Map<string, Map<string, SignedPass>>()

  constructor(root: KeyPair, now: () => number) {
    this.root = root
    this.now = now
  }

  readonly order = (order: Order): SignedOrder => this.key().signer.order(order)

  /** Good for as long as the key that signs it: an edge outlives a controller that is away. */
  pass(edge: string, endpoint: string): SignedPass {
    const { signer: signs, until } = this.key()
    const own = this.passes.get(edge) ?? new Map<string, SignedPass>()
    const kept = own.get(endpoint)
    if (kept?.pass.until === until) return kept
    const made = signs.pass({ edge, endpoint, until })
    this.passes.set(edge, own.set(endpoint, made))
    return made
  }

  /** Forgets the passes of edges and endpoints that are gone. */
  keep(edges: ReadonlySet<string>, endpoints: ReadonlySet<string>): void {
    for (const [edge, own] of this.passes) {
      if (!edges.has(edge)) this.passes.delete(edge)
      for (const endpoint of own.keys()) if (!endpoints.has(endpoint)) own.delete(endpoint)
    }
  }

  private key(): { signer: Signer; until: number } {
    const now = this.now()
    if (this.current === null || now - this.current.since > DAY) {
      const until = now + 2 * DAY
      this.current = { signer: signer(this.root, until), since: now, until }
    }
    return this.current
  }
}
