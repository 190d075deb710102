import type { LogRecord } from '../../core/model/decision.ts'
import { HEADERS, type ScaleRequest } from '../../core/model/tables.ts'
import { call } from '../../core/runtime/call.ts'
import { Actuator, type Tried } from './actuator.ts'
import type { Notes } from './notes.ts'

/** Asks the platform for replicas: PUT /v1/platform/ENDPOINT. */
export class Scaler {
  private readonly platform: string
  private readonly token: string | null
  private readonly notes: Notes
  private readonly actuators = new Map<string, Actuator<ScaleRequest>>()

  constructor(platform: string, token: string | null, notes: Notes) {
    this.platform = platform
    this.token = token
    this.notes = notes
  }

  hand({ id, epoch, body }: LogRecord<'decision'>): void {
    const { endpoint, outcome, inputs } = body
    this.of(endpoint).hand({
      v: 1,
      replicas: outcome.to,
      victims: outcome.victims,
      version: inputs.platformVersion,
      epoch,
      decision: id,
    })
  }

  stop(): void {
    for (const actuator of this.actuators.values()) actuator.stop()
  }

  private of(endpoint: string): Actuator<ScaleRequest> {
    const known = this.actuators.get(endpoint)
    if (known !== undefined) return known
    const made = new Actuator<ScaleRequest>({
      attempt: want => this.attempt(endpoint, want),
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

  private async attempt(endpoint: string, want: ScaleRequest): Promise<Tried> {
    const url = `${this.platform}/v1/platform/${endpoint}`
    const headers = this.token === null ? {} : { [HEADERS.token]: this.token }
    const { status, json } = await call('PUT', url, { json: want, headers, timeoutMs: 5000 })
    if (status >= 200 && status < 300) return { done: true, again: false, words: `${status}` }
    const words = `${status} ${typeof json === 'string' ? json : JSON.stringify(json)}`.slice(
      0,
      300,
    )
    // 409: the platform moved on; the next tick decides on what it is now. Other 4xx would be refused again.
    return { done: false, again: status >= 500 || status === 429, words }
  }
}
