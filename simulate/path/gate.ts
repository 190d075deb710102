import type { Request } from './request.ts'

/** What stands before one replica's model and lets requests through: a sidecar, a queue-proxy, the server's own workers. */
export interface Gate {
  /** A request reaches the pod. */
  arrive(request: Request, nowUs: number): Passed
  /** The model has ended one of those that were let through. */
  ended(request: Request, ok: boolean, nowUs: number): Passed
  /** Its client has gone away, wherever it was. */
  left(request: Request, nowUs: number): Passed
  /** When it acts without being told (a wait is over); Infinity for never. */
  nextUs(): number
  /** Its time has come. */
  wake(nowUs: number): Passed
  /** Tokens that the model gave out, where it gives any. */
  tokens?(count: number): void
  /**
   * Its slots are the model's own workers: it dies with the model, and a slot is taken for as long as the
   * model works, whether the client is still there or not.
   */
  readonly inside?: boolean
  /** Requests inside: with the model, and waiting here. */
  readonly inFlight: number
  readonly waiting: number
}

/** Requests that go to the model now, and those that are turned away. */
export interface Passed {
  start: readonly Request[]
  refuse: readonly Request[]
}

export const NONE: Passed = { start: [], refuse: [] }
