import type { Override } from '../../../core/model/decision.ts'
import type { Settings } from '../../../core/model/settings.ts'
import type { Sight } from '../replicas-state.ts'
import { idleMs } from './behavior.ts'
import { count, unchanged, type Bounded } from './bounded.ts'

const MOST_REPLICAS = 10_000

/** How large a share more or less is noise, permille. */
export function toleranceOf(
  { behavior, tolerance: share }: Settings,
  direction: 'scaleUp' | 'scaleDown',
): number {
  const given = behavior?.[direction]?.tolerance
  return given === undefined ? share : Math.round(given * 1000)
}

/**
 * A need that is little lower than what there is, is left alone, by the un-rounded need as in the HPA. One that
 * is little higher only where `behavior` says so: rules know their own noise.
 */
export function tolerance(milli: number, { inputs, settings }: Sight): Bounded {
  const from = inputs.replicas.desired
  const up = milli > from * 1000
  const share = toleranceOf(settings, up ? 'scaleUp' : 'scaleDown')
  const numbers = { from, wanted: count(milli), tolerancePermille: share }
  const followed = up && settings.behavior?.scaleUp?.tolerance === undefined
  const difference = Math.abs(milli - from * 1000)
  if (followed || from === 0 || milli === 0 || difference >= share * from) {
    return unchanged(milli, numbers)
  }
  return { milli: from * 1000, numbers, reason: count(milli) === from ? null : 'tolerance' }
}

/**
 * The least there may be. With scale-to-zero the last replica goes, too, when there was no demand for as long
 * as the scale-down window keeps it; the edge holds what comes next.
 */
export function minReplicas(milli: number, sight: Sight): Bounded {
  const { inputs, settings } = sight
  const least = settings['min-replicas']
  const mayBeZero = settings['scale-to-zero'] && least <= 1
  const min = mayBeZero ? (milli === 0 ? 0 : 1) : Math.max(least, settings['scale-to-zero'] ? 0 : 1)
  if (mayBeZero && milli === 0) {
    return {
      milli,
      numbers: { min, idleMs: idleMs(sight) },
      reason: inputs.replicas.desired > 0 ? 'scale-to-zero' : null,
    }
  }
  if (milli >= min * 1000) return unchanged(milli, { min })
  return { milli: min * 1000, numbers: { min }, reason: count(milli) < min ? 'min-replicas' : null }
}

export function maxReplicas(milli: number, { settings }: Sight): Bounded {
  const max = settings['max-replicas']
  const numbers = { max, wanted: count(milli) }
  if (count(milli) <= max) return unchanged(milli, numbers)
  return { milli: max * 1000, numbers, reason: 'max-replicas' }
}

/** A person's count replaces all that was worked out, the bounds included. */
export function override(milli: number, { inputs, now }: Sight): Bounded {
  const value = pinnedReplicas(inputs.overrides, now)
  if (value === null) return unchanged(milli)
  return { milli: value * 1000, numbers: { value }, reason: 'override' }
}

/** The count that a person asked for, or null. */
export function pinnedReplicas(overrides: readonly Override[], now: number): number | null {
  const pins = overrides.filter(o => o.what === 'replicas' && (o.until === null || o.until > now))
  const value = pins.at(-1)?.value
  return value !== undefined && /^\d{1,5}$/.test(value) && Number(value) <= MOST_REPLICAS
    ? Number(value)
    : null
}

/** Last, so that the record shows what would have been done. */
export function frozen(milli: number, { inputs, settings }: Sight): Bounded {
  const from = inputs.replicas.desired
  const numbers = { from, wanted: count(milli) }
  if (settings.freeze !== 'replicas' && settings.freeze !== 'all') return unchanged(milli)
  return { milli: from * 1000, numbers, reason: 'frozen' }
}
