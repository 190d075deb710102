/** A request on its way. Times are us. */
export interface Request {
  readonly id: number
  readonly kind: number
  /** When its client first sent it: a retry keeps it. */
  readonly bornUs: number
  /** When this try came. */
  readonly arrivedUs: number
  /** How often it was sent before. */
  readonly tries: number
  /** When the model got it; null while it waits. */
  startedUs: number | null
  /** Its pod, null while it waits in front. */
  pod: string | null
}
