import type { Bodies } from '../../core/model/decision.ts'

/** Where actuators say what they asked and what came back. */
export interface Notes {
  actuation(body: Bodies['actuation']): void
  counted(
    endpoint: string,
    what: 'replicas' | 'limit',
    result: 'done' | 'failed' | 'superseded',
  ): void
}
