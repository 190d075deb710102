import { check, int, nullable, object, sentence, text } from '../../../core/model/schema.ts'
import { HEADERS } from '../../../core/model/tables.ts'
import { Refused, type Route } from '../../../core/runtime/admin.ts'
import { call } from '../../../core/runtime/call.ts'
import type { ScaleChange, ScaleChanges } from './scaled.ts'

export interface RelayOptions {
  changes: ScaleChanges
  /** Whether this controller decides. */
  leading(): boolean
  /** Admin server of the one that decides, without a path. */
  leader: string
  /** Between our own components. */
  token: string | null
}

/** So many are on their way at once; more are lost. */
const MOST_ON_THE_WAY = 20

/**
 * Passes on who changed replicas: API servers ask any of the controllers, and the one that decides is to
 * know. What gets lost on the way is not known there, and is said to be unknown.
 */
export class ScaledRelay {
  private readonly options: RelayOptions
  private onTheWay = 0
  private losses = 0

  constructor(options: RelayOptions) {
    this.options = options
  }

  get lost(): number {
    return this.losses
  }

  note(change: ScaleChange): void {
    const { changes, leading } = this.options
    // Here, too: this one may be the next to decide.
    changes.note(change)
    if (!leading()) void this.pass(change)
  }

  private async pass(change: ScaleChange): Promise<void> {
    const { leader, token } = this.options
    if (this.onTheWay >= MOST_ON_THE_WAY) return void this.losses++
    this.onTheWay++
    try {
      const headers = token === null ? {} : { [HEADERS.token]: token }
      const url = `${leader}/v1/scaled`
      const { status } = await call('POST', url, { json: change, headers, timeoutMs: 2000 })
      if (status !== 200) this.losses++
    } catch {
      this.losses++
    } finally {
      this.onTheWay--
    }
  }
}

const changeSchema = object({
  endpoint: text(400),
  from: int(),
  to: int(),
  who: nullable(text(4096)),
  at: int(),
})

/** POST /v1/scaled of the admin server: what another controller was told. */
export function scaledRoute(changes: ScaleChanges): Route {
  return {
    at: 'POST /v1/scaled',
    guarded: true,
    handle: async ask => {
      const checked = check(changeSchema, await ask.json(16_384))
      if (!checked.ok) throw new Refused(400, checked.issues.map(sentence).join('; '))
      changes.note(checked.value)
      return { status: 200, json: { noted: checked.value.endpoint } }
    },
  }
}
