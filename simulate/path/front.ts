import type { Request } from './request.ts'

/** What stands in front of all replicas: a plain Service, edges, an activator. It chooses the pod and may hold requests. */
export interface Front {
  /** A client's request comes. */
  arrive(request: Request, nowUs: number): Routed
  /** The pod has turned it away; it was not started. */
  refused(request: Request, nowUs: number): Routed
  /** The pod could not be reached: nothing was sent. Without it the request has failed. */
  unsent?(request: Request, nowUs: number): Routed
  /** Its client has gone away. */
  left(request: Request, nowUs: number): Routed
  /** The pod answered; `ok` false for a server error, or a pod that died. */
  ended(request: Request, ok: boolean, nowUs: number): Routed
  /** The pods that exist now; called on every change. */
  pods(pods: readonly FrontPod[], nowUs: number): Routed
  nextUs(): number
  wake(nowUs: number): Routed
  /** Requests held here. */
  readonly waiting: number
}

export interface FrontPod {
  name: string
  ready: boolean
  /** Requests that it may hold in flight, as the front is told. */
  limit: number
  /** In the pod now: for fronts that count exactly what they passed on, this is the same. */
  present(): number
  /** What one of our sidecars says in its answers: what it may hold now, and holds. */
  slots?(): { effective: number; inFlight: number }
}

export interface Routed {
  /** To be sent to this pod now. */
  send: readonly { request: Request; pod: string }[]
  /** Answered by the front itself: nobody takes it (429 or 503). */
  refuse: readonly Request[]
  /** No pod answered, and it may not be tried again (502). */
  fail?: readonly Request[]
}

export const NOWHERE: Routed = { send: [], refuse: [] }
