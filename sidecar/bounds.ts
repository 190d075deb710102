/** Bounds on what clients may send, or withhold. */
export interface TrafficBounds {
  headBytes: number
  headTimeoutMs: number
  /** Longer than clients keep theirs, so that it is they who close. */
  idleTimeoutMs: number
  bodyTimeoutMs: number
  connections: number
}

/** The same for connections of HTTP/2. */
export interface H2Bounds {
  headBytes: number
  headers: number
  idleTimeoutMs: number
  bodyTimeoutMs: number
  /** How long a call may rest whose client has begun to send and sends no more, ms. */
  quietTimeoutMs: number
  /** Streams of a session at a time. */
  streams: number
  /** Streams that a client may reset: at once, and a second from then on. */
  resetBurst: number
  resetRate: number
  /** PING and SETTINGS frames, likewise. */
  controlBurst: number
  controlRate: number
  /** Frames that are no frames. */
  invalidFrames: number
  /** Streams that were refused because its memory was used up. */
  refusedStreams: number
  /** MB of memory. */
  sessionMemory: number
}
