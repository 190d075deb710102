import type { LogRecord } from '../../core/model/decision.ts'
import type { ScaleRequest } from '../../core/model/tables.ts'
import type { PlatformLink } from '../platform.ts'
import { Actuator } from './actuator.ts'
import type { Notes } from './notes.ts'

/** Asks the platform for replicas. */
export class Scaler {
  private readonly platform: Pick<PlatformLink, 'scale'>
  private readonly notes: Notes
  private readonly actuators = new Map<string, Actuator<ScaleRequest>>()
  private readonly last = new Map<string, number>()

  constructor(platform: Pick<PlatformLink, 'scale'>, notes: Notes) {
    this.platform = platform
    this.notes = notes
  }

  hand({ id, epoch, body }: LogRecord<'decision'>): void {
    const { endpoint, outcome, inputs } = body
    this.last.set(endpoint, outcome.to)
    this.of(endpoint).hand({
      v: 1,
      replicas: outcome.to,
      victims: outcome.victims,
      version: inputs.platformVersion,
      epoch,
      decision: id,
    })
  }

  /** How many replicas were last asked for, or null. */
  readonly asked = (endpoint: string): number | null => this.last.get(endpoint) ?? null

  /** Endpoints that anything is kept of. */
  get size(): number {
    return this.actuators.size
  }

  /** Lets go of endpoints that are gone: what was asked of one is asked no more. */
  keep(endpoints: ReadonlySet<string>): void {
    for (const [endpoint, actuator] of this.actuators) {
      if (endpoints.has(endpoint)) continue
      actuator.stop()
      this.actuators.delete(endpoint)
      this.last.delete(endpoint)
    }
  }

  stop(): void {
    for (const actuator of this.actuators.values()) actuator.stop()
  }

  private of(endpoint: string): Actuator<ScaleRequest> {
    const known = this.actuators.get(endpoint)
    if (known !== undefined) return known
    const made = new Actuator<ScaleRequest>({
      attempt: want => this.platform.scale(endpoint, want),
      answered: (want, tried, ms, tries) => {
        this.notes.counted(endpoint, 'replicas', tried.done ? 'done' : 'failed')
        // A platform that stays away is said once for each decision.
        if (!tried.done && tries > 1) return
        this.notes.actuation({
          decision: want.decision,
          endpoint,
          asked: `${want.replicas} replicas`,
          answered: tried.done ? tried.words : '',
          error: tried.done ? null : tried.words,
          tookMs: ms,
        })
      },
      superseded: () => this.notes.counted(endpoint, 'replicas', 'superseded'),
    })
    this.actuators.set(endpoint, made)
    return made
  }
}
