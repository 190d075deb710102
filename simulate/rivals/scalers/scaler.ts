/** What monitoring sees of one second: all a rival's autoscaler may look at. Times are us unless named otherwise. */
export interface Second {
  /** End of the second, ms. */
  atMs: number
  desired: number
  pods: readonly PodSecond[]
  /** What stands in front of the pods (activator, interceptor); zeros for a plain Service. */
  front: {
    /** Requests that came from clients. */
    arrived: number
    /** Waiting there: integral over the second (requests x us), and at its end. */
    waitingIntegral: number
    waitingEnd: number
    /** Passed on by it and not answered yet, integral. */
    passedIntegral: number
  }
}

export interface PodSecond {
  name: string
  createdMs: number
  /** When it was ready first; null while it starts. */
  readyMs: number | null
  /** It is now, as far as Kubernetes knows. */
  ready: boolean
  /** It is being removed and takes no new requests. */
  leaving: boolean
  /** CPU us used in the second, and cores x 1000 requested; null where the plant shows none. */
  cpu: { us: number; quota: number } | null
  /** In the pod, waiting in its own queue included: integral (requests x us). */
  presentIntegral: number
  /** Requests that reached the pod. */
  arrived: number
}

/** Another project's autoscaler. */
export interface Scaler {
  /** Takes each second; gives a new count where it decides one, null where it doesn't. */
  second(seen: Second): number | null
}

export interface Bounds {
  min: number
  max: number
}
