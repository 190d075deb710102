/** What one run of a scenario gave, under one autoscaler and one limiter. All arrays are by second of virtual time. */
export interface Played {
  scenario: string
  policy: string
  limiter: string
  seed: number
  /** Codes of all reasons that Outrigger's decisions gave (core/model/reasons.ts), in alphabetical order. */
  reasons: string[]
  seconds: Seconds
  totals: Totals
}

export interface Seconds {
  /** Requests that clients sent for the first time. */
  offered: number[]
  /** Requests that ended well. */
  answered: number[]
  /** Answered within the objective, counted from when the model got them. */
  good: number[]
  /** Waited more than 100 ms for a slot, turned away for good, or failed; by the second in which they came. */
  bad: number[]
  /** Turned away for good, or failed. */
  lost: number[]
  /** Replicas asked for, and ready ones. */
  desired: number[]
  ready: number[]
  /** Requests that a replica may hold, and those in flight and waiting at the end of the second. */
  limit: number[]
  inFlight: number[]
  waiting: number[]
}

export interface Totals {
  offered: number
  answered: number
  good: number
  bad: number
  lost: number
  /** 429s, retries' included. */
  rejections: number
  /** What was paid for: from a replica's creation to its end, s. */
  replicaSeconds: number
  /** How often the count turned round. */
  directionChanges: number
  /** us, over answered requests: from birth to the model, and from birth to the answer. */
  wait: Quantiles
  response: Quantiles
  /** us with the model, from when it got the request until it ended well. */
  service: Quantiles
}

export interface Quantiles {
  p50: number
  p95: number
  p99: number
  max: number
}
