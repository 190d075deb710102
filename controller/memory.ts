import type { Override } from '../core/model/decision.ts'
import type { Order } from '../core/model/order.ts'
import { defaults, type Settings } from '../core/model/settings.ts'
import { fresh, type State } from './decide/decide.ts'
import { hashOf } from './record/line.ts'

/** What the controller remembers of an endpoint between decisions; all of it can be read back from the log. */
export interface Remembered {
  endpoint: string
  state: State
  /** Of the state. */
  hash: string
  settings: Settings
  settingsHash: string
  /** The order in force, or null before the first. */
  order: Order | null
  /** When replicas were last decided, ms. */
  decided: number | null
  /** When it was last asked what is due, ms; not in the log. */
  looked: number | null
}

export class Memory {
  readonly endpoints = new Map<string, Remembered>()
  private readonly overrides = new Map<string, Map<string, Override>>()

  /** The endpoint's memory, made fresh where there is none; `given` are the settings of now, null: as remembered. */
  of(endpoint: string, revision: string, given: Settings | null): Remembered {
    const known = this.endpoints.get(endpoint)
    const settings = given ?? known?.settings ?? defaults
    if (known === undefined) {
      const state = fresh(settings, revision)
      const made = {
        endpoint,
        state,
        hash: hashOf(state),
        settings,
        settingsHash: hashOf(settings),
        order: null,
        decided: null,
        looked: null,
      }
      this.endpoints.set(endpoint, made)
      return made
    }
    if (known.settings !== settings) {
      known.settings = settings
      known.settingsHash = hashOf(settings)
    }
    return known
  }

  forget(endpoint: string): void {
    this.endpoints.delete(endpoint)
  }

  overridesOf(endpoint: string): Override[] {
    return [...(this.overrides.get(endpoint)?.values() ?? [])]
  }

  /** Every override in force, by endpoint. */
  allOverrides(): { endpoint: string; override: Override }[] {
    return [...this.overrides].flatMap(([endpoint, byName]) =>
      [...byName.values()].map(override => ({ endpoint, override })),
    )
  }

  /** Sets an override, or clears the one on `what` with null. */
  setOverride(endpoint: string, what: string, override: Override | null): void {
    const byName = this.overrides.get(endpoint) ?? new Map<string, Override>()
    if (override === null) byName.delete(what)
    else byName.set(what, override)
    this.overrides.set(endpoint, byName)
  }
}
