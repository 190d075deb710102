import { HEADERS } from '../../../core/model/tables.ts'

/**
 * How an injected pod ends. The kubelet calls the hooks of the model and of the sidecar at once, and stops the
 * model when its hook is answered. The sidecar answers both: when the pod's address is forgotten and nothing
 * is in flight, or when the time is nearly over.
 */

/** Shorter grace periods are raised to this, what Kubernetes gives a pod that names none. */
const LEAST_GRACE_S = 30
/** Left for the model to end by itself after SIGTERM. */
const FOR_THE_MODEL_S = 5
/** As much as OUTRIGGER_DRAIN_MAX takes. */
const MOST_DRAIN_MS = 86_400_000

export function graceOf(given: number | null | undefined): number {
  return Math.max(given ?? LEAST_GRACE_S, LEAST_GRACE_S)
}

/** When a hook is answered whatever is in flight. */
export function drainMaxMs(graceS: number): number {
  return Math.min((graceS - FOR_THE_MODEL_S) * 1000, MOST_DRAIN_MS)
}

/** `app` from the model's container: it is stopped, perhaps only to start again. `pod`: all of it goes. */
export function drainHook(whose: 'app' | 'pod', port: number, secret: string): object {
  return {
    httpGet: {
      path: `/v1/drain/${whose}`,
      port,
      scheme: 'HTTP',
      httpHeaders: [{ name: HEADERS.drain, value: secret }],
    },
  }
}
