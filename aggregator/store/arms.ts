import { add, EMPTY } from '../../core/model/distribution.ts'
import type { Sample } from '../../core/model/sample.ts'
import { FOLDS_KEPT, type ArmFold } from '../../core/model/windows.ts'

/** Revisions of an endpoint whose evidence is kept: as many as the contract of windows carries. */
const REVISIONS_KEPT = 8

interface Revision {
  newest: number
  folds: Map<string, ArmFold>
}

/**
 * Evidence for the limit, by revision: the newest 32 folds by (order, slot, arm). A fold that is dropped
 * has 32 newer ones, and stays dropped when more of it comes, so the order of arrival does not matter.
 */
export class Arms {
  private readonly revisions = new Map<string, Revision>()

  add(sample: Sample, position: number): void {
    const { limit, revision } = sample
    const key = keyOf(limit)
    if (key === null || limit.order === null) return
    const fresh: Revision = { newest: position, folds: new Map() }
    const entry = this.revisions.get(revision) ?? fresh
    this.revisions.set(revision, entry)
    entry.newest = Math.max(entry.newest, position)
    const fold = entry.folds.get(key) ?? emptyFold(limit.order, limit.slot, limit.arm)
    const next = withSecond(fold, sample)
    // An order may stand for months: what no longer adds up exactly is evidence enough.
    if (isExact(next)) entry.folds.set(key, next)
    if (entry.folds.size > FOLDS_KEPT) dropOldest(entry.folds)
    if (this.revisions.size > REVISIONS_KEPT) {
      const [oldest] = [...this.revisions].toSorted(([, a], [, b]) => a.newest - b.newest)
      if (oldest !== undefined) this.revisions.delete(oldest[0])
    }
  }

  /** Takes out a second at rest that was only taken for granted: its sample came. */
  takeBack({ limit, revision, us, cpu }: Sample): void {
    const folds = this.revisions.get(revision)?.folds
    const key = keyOf(limit)
    const fold = key === null ? undefined : folds?.get(key)
    if (key === null || fold === undefined) return
    const cpuUs = fold.cpuUs - (cpu?.us ?? 0)
    folds?.set(key, { ...fold, seconds: fold.seconds - 1, us: fold.us - us, cpuUs })
  }

  /** By revision, the newest revision last; folds oldest first. */
  byRevision(): Record<string, ArmFold[]> {
    const known = [...this.revisions].toSorted(
      ([nameA, a], [nameB, b]) => a.newest - b.newest || (nameA < nameB ? -1 : 1),
    )
    return Object.fromEntries(
      known.map(([revision, { folds }]) => [revision, [...folds.values()].toSorted(byAge)]),
    )
  }
}

/** Null where a second is no evidence. */
function keyOf({ order, settling, slot, arm }: Sample['limit']): string | null {
  return order === null || settling ? null : `${order.epoch} ${order.n} ${slot} ${arm}`
}

function byAge(a: ArmFold, b: ArmFold): number {
  return (
    a.order.epoch - b.order.epoch ||
    a.order.n - b.order.n ||
    a.slot - b.slot ||
    (a.arm < b.arm ? -1 : a.arm > b.arm ? 1 : 0)
  )
}

function dropOldest(folds: Map<string, ArmFold>): void {
  const [oldest] = [...folds].toSorted(([, a], [, b]) => byAge(a, b))
  if (oldest !== undefined) folds.delete(oldest[0])
}

function emptyFold(order: ArmFold['order'], slot: number, arm: ArmFold['arm']): ArmFold {
  return {
    order,
    slot,
    arm,
    seconds: 0,
    us: 0,
    offered: 0,
    admitted: 0,
    ok: 0,
    server: 0,
    late: 0,
    rejected: 0,
    inFlightIntegral: 0,
    inFlightMax: 0,
    boundUs: 0,
    tokensOut: 0,
    cpuUs: 0,
    service: EMPTY,
    limit: 0,
    guardSeconds: 0,
    guardLimits: 0,
    okSquares: 0,
  }
}

/**
 * Sums beyond 2^53 are neither exact nor integers that the contract of windows takes. What came over a wire is
 * integers; of levels in virtual time not all are, and they count.
 */
function isExact({ service, ...sums }: ArmFold): boolean {
  const all = [...Object.values(sums), service.count, service.sum]
  return all.every(value => typeof value !== 'number' || value <= Number.MAX_SAFE_INTEGER)
}

/** A guard second says nothing about the arm but that the guard was needed, and how far it went. */
function withSecond(fold: ArmFold, s: Sample): ArmFold {
  if (s.limit.guard) {
    return {
      ...fold,
      guardSeconds: fold.guardSeconds + 1,
      guardLimits: fold.guardLimits + s.limit.effective,
    }
  }
  const rejected = Object.values(s.rejected).reduce((sum, count) => sum + count, 0)
  return {
    ...fold,
    seconds: fold.seconds + 1,
    us: fold.us + s.us,
    offered: fold.offered + s.offered,
    admitted: fold.admitted + s.admitted,
    ok: fold.ok + s.completed.ok,
    server: fold.server + s.completed.server,
    late: fold.late + s.late,
    rejected: fold.rejected + rejected,
    inFlightIntegral: fold.inFlightIntegral + s.inFlight.integral,
    inFlightMax: Math.max(fold.inFlightMax, s.inFlight.max),
    boundUs: fold.boundUs + s.boundUs,
    tokensOut: fold.tokensOut + (s.tokens?.out ?? 0),
    cpuUs: fold.cpuUs + (s.cpu?.us ?? 0),
    service: add(fold.service, s.service),
    limit: Math.max(fold.limit, s.limit.effective),
    okSquares: fold.okSquares + s.completed.ok * s.completed.ok,
  }
}
