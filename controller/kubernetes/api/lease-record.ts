import { microTime } from './time.ts'

/** The Lease object on the wire, and what is written into it. */
export interface LeaseObject {
  apiVersion?: string
  kind?: string
  metadata: {
    name: string
    uid?: string
    resourceVersion?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
  }
  spec?: {
    holderIdentity?: string | null
    leaseDurationSeconds?: number
    acquireTime?: string
    renewTime?: string
    leaseTransitions?: number
  }
}

export interface LeaseTimes {
  /** Others wait this long since they last saw it renewed. */
  leaseMs: number
  /** The holder believes in it this long since it last renewed it. */
  renewDeadlineMs: number
  /** Between two tries. */
  retryMs: number
}

const EPOCH = 'outrigger.dev/epoch'

export function holderOf(lease: LeaseObject | null): string {
  return lease?.spec?.holderIdentity ?? ''
}

export function epochOf(lease: LeaseObject | null): number {
  const text = lease?.metadata.annotations?.[EPOCH] ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : 0
}

/** How long what was seen has to be respected: what its holder promised, 0 when it has none. */
export function durationMs(lease: LeaseObject | null, times: LeaseTimes): number {
  if (holderOf(lease) === '') return 0
  const seconds = lease?.spec?.leaseDurationSeconds ?? 0
  return seconds > 0 ? seconds * 1000 : times.leaseMs
}

/** Ours from now on, or still. What else is in it stays. */
export function renewed(
  lease: LeaseObject | null,
  as: { name: string; identity: string; epoch: number; utc: number; times: LeaseTimes },
): LeaseObject {
  const was = lease?.spec ?? {}
  const ours = holderOf(lease) === as.identity
  const now = microTime(as.utc)
  const metadata = { ...lease?.metadata, name: as.name }
  if (as.epoch > epochOf(lease))
    metadata.annotations = { ...metadata.annotations, [EPOCH]: String(as.epoch) }
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata,
    spec: {
      ...was,
      holderIdentity: as.identity,
      leaseDurationSeconds: as.times.leaseMs / 1000,
      acquireTime: ours ? (was.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: lease === null ? 0 : (was.leaseTransitions ?? 0) + (ours ? 0 : 1),
    },
  }
}

/** Nobody's, to be taken at once. */
export function emptied(lease: LeaseObject, utc: number): LeaseObject {
  const now = microTime(utc)
  return {
    ...lease,
    spec: {
      ...lease.spec,
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: now,
      renewTime: now,
    },
  }
}

/** One that is gone, to be made anew: with its epoch, and without what the server gave it. */
export function deleted({ metadata, spec }: LeaseObject): LeaseObject {
  const { name, labels = {}, annotations = {} } = metadata
  return { metadata: { name, labels, annotations }, ...(spec === undefined ? {} : { spec }) }
}
