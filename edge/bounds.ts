/** Bounds on what clients may send, or withhold. */
export interface FrontBounds {
  headBytes: number
  headers: number
  connections: number
  /** Upgraded connections of one endpoint. */
  upgrades: number
  unreadBytes: number
  headTimeoutMs: number
  idleTimeoutMs: number
  bodyTimeoutMs: number
  pipelineBytes: number
}
