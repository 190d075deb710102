/** Requests as clients send them: one after the other, times in us of virtual time, never falling. */
export interface Arrivals {
  /** When the next one comes; Infinity at the end. */
  readonly nextUs: number
  /** Its class, an index into the plant's classes. */
  readonly kind: number
  /** Goes on to the one after it. */
  take(): void
}
