import type { EndpointWindows } from '../core/model/windows.ts'
import type { Memory } from './memory.ts'
import type { Observer } from './observe.ts'

/**
 * Samples name a greater epoch, or orders of ours that we never gave (the log was lost or moved): whoever gave
 * them has gone, and sidecars refuse what is older, so an epoch above theirs is to be taken.
 *
 * A sample is only what a pod says. One that lies raises the epoch by a bounded step, once in our life, and
 * all of them together a bounded number of times: every raise sends all orders anew.
 */
export const MOST_RAISES = 20
/** Far more controllers than ever follow each other; far fewer than there are epochs. */
export const REACH = 1_000_000

type Seen = Pick<Observer, 'platform' | 'windows'>

export class Raising {
  /** Endpoints whose samples have had their say. */
  private readonly heeded = new Set<string>()
  private raises = 0
  private readonly refuse: (endpoint: string, epoch: number) => void

  /** `refuse`: hears of samples that are not believed. */
  constructor(refuse: (endpoint: string, epoch: number) => void) {
    this.refuse = refuse
  }

  /** The epoch to be taken in place of `ours`; null: ours is good. */
  next(seen: Seen, memory: Memory, ours: number): number | null {
    let above = ours
    let raised = false
    for (const { endpoint } of seen.platform?.endpoints ?? []) {
      const windows = seen.windows(endpoint)
      const named = windows?.epoch ?? 0
      const given = memory.endpoints.get(endpoint)?.order?.n ?? 0
      if (named <= ours && !foreignOrder(windows?.replicas ?? [], given, ours)) continue
      if (this.heeded.has(endpoint) || this.raises >= MOST_RAISES || named > ours + REACH) {
        this.refuse(endpoint, named)
        continue
      }
      this.heeded.add(endpoint)
      above = Math.max(above, named)
      raised = true
    }
    if (!raised) return null
    this.raises++
    return above + 1
  }
}

/** Whether a sidecar holds an order of `epoch` after the last one given. */
function foreignOrder(rows: EndpointWindows['replicas'], given: number, epoch: number): boolean {
  return rows.some(({ order }) => order?.epoch === epoch && order.n > given)
}
