/** One metric, as the table of signals has it. */
export interface Signal {
  kind: 'counter' | 'gauge' | 'histogram'
  help: string
  labels: readonly string[]
  /** Upper bounds of a histogram, in the metric's unit. */
  buckets?: readonly number[]
}

/** Bounds for durations from a millisecond to a minute. */
export const seconds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const
