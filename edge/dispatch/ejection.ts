import type { Fleet } from './fleet.ts'
import { TIMES, type Replica } from './replica.ts'

/**
 * Outlier ejection (as in Envoy): a replica that answers server errors far above its peers gets no traffic
 * for a while, because one that fails fast looks least loaded and would draw all requests.
 */
const OUTLIER = {
  /** Answers of late below which nothing is judged, of the replica and of its peers. */
  least: 10,
  /** Share of errors that is far, and by how many times above the peers'. */
  sharePermille: 500,
  times: 3,
  /** At most one in so many ready replicas is out at once, but one of two may be. */
  oneIn: 3,
} as const

/** Call about once a second. Gives those newly ejected. */
export function eject(fleet: Fleet, nowUs: number): Replica[] {
  const ready = [...fleet.all()].filter(replica => replica.ready)
  const allowed = ready.length < 2 ? 0 : Math.max(1, Math.floor(ready.length / OUTLIER.oneIn))
  let out = ready.filter(replica => replica.ejectedUntilUs > nowUs).length
  const ejected: Replica[] = []
  for (const replica of ready) {
    if (out >= allowed) break
    if (replica.ejectedUntilUs > nowUs || !farAbove(replica, ready)) continue
    replica.ejections++
    const length = Math.min(TIMES.ejectMostUs, TIMES.ejectUs * replica.ejections)
    replica.ejectedUntilUs = nowUs + length
    replica.suspect = true
    replica.good = 0
    replica.bad = 0
    out++
    ejected.push(replica)
  }
  return ejected
}

/** Lets old answers weigh half. Call every few seconds. */
export function age(fleet: Fleet): void {
  for (const replica of fleet.all()) {
    if (replica.bad === 0 && replica.good >= OUTLIER.least) replica.ejections = 0
    replica.good = Math.floor(replica.good / 2)
    replica.bad = Math.floor(replica.bad / 2)
  }
}

function farAbove(replica: Replica, ready: readonly Replica[]): boolean {
  let peersGood = 0
  let peersBad = 0
  for (const peer of ready) {
    if (peer === replica) continue
    peersGood += peer.good
    peersBad += peer.bad
  }
  const own = replica.good + replica.bad
  const peers = peersGood + peersBad
  if (own < OUTLIER.least || peers < OUTLIER.least) return false
  if (replica.bad * 1000 < OUTLIER.sharePermille * own) return false
  return replica.bad * peers >= OUTLIER.times * peersBad * own
}
