/**
 * When a replica may go. Kubernetes asks by hooks: one of the model's container ('app'), one of the sidecar's
 * own ('pod'). Both together mean that the pod is deleted; the model's alone means that only its container is
 * started again (a failed liveness probe), so the drain ends when the model is back. Time is monotonic us and
 * passed in.
 */
export type HookKind = 'app' | 'pod'

/** `restarting`: the model's container stops and the pod stays. `leaving`: the pod goes. Both drain. */
export type DrainPhase = 'serving' | 'restarting' | 'leaving'

export interface DrainTimes {
  /** A hook is not answered before: the pod's address is still in use elsewhere. */
  minUs: number
  /** Nothing must have come for this long. */
  quietUs: number
  /** A hook is answered by then, whatever is in flight. */
  maxUs: number
}

/**
 * Of the model, when it was last asked. `gone`: nobody listens. `silent`: no answer, or not the one of a model
 * that is ready; one that is told to end may well be that for a moment, before it goes.
 */
export type ModelSight = 'answers' | 'silent' | 'gone'

/** What is true when the machine looks. */
export interface DrainSight {
  /** Requests in flight and queued, and upgraded connections. */
  present: number
  lastArrivalUs: number
  model: ModelSight
}

interface Hook {
  id: number
  sinceUs: number
}

export interface Release {
  id: number
  /** `drained`: nothing was left. `late`: the maximum was reached. */
  how: 'drained' | 'late'
  waitedUs: number
}

/** After a hook's maximum the kubelet has killed the model by then: a restart too quick to be seen is over. */
const BACK_US = 10_000_000

export class Drain {
  private readonly times: DrainTimes
  private hooks: Hook[] = []
  private now: DrainPhase = 'serving'
  private leavingSinceUs = 0
  private backUs = 0
  /** The model has been away since its hook was answered. */
  private away = false

  constructor(times: DrainTimes) {
    this.times = times
  }

  get phase(): DrainPhase {
    return this.now
  }

  /** Hooks that wait for their answer. */
  get waiting(): number {
    return this.hooks.length
  }

  hook(kind: HookKind, id: number, nowUs: number): void {
    this.hooks.push({ id, sinceUs: nowUs })
    if (kind === 'pod') return this.leave(nowUs)
    if (this.now === 'leaving') return
    this.now = 'restarting'
    this.away = false
    this.backUs = nowUs + this.times.maxUs + BACK_US
  }

  /** For good. A hook of the model that waits already now waits for the pod's address to be forgotten, too. */
  leave(nowUs: number): void {
    if (this.now !== 'leaving') this.leavingSinceUs = nowUs
    this.now = 'leaving'
  }

  /** Gives the hooks to answer now; may end a drain that was for a restart. */
  look(nowUs: number, sight: DrainSight): Release[] {
    const released: Release[] = []
    const left: Hook[] = []
    for (const hook of this.hooks) {
      const how = this.release(hook, nowUs, sight)
      if (how === null) left.push(hook)
      else released.push({ id: hook.id, how, waitedUs: nowUs - hook.sinceUs })
    }
    this.hooks = left
    if (this.now === 'restarting' && this.hooks.length === 0) this.restart(nowUs, sight)
    return released
  }

  private release({ sinceUs }: Hook, nowUs: number, sight: DrainSight): Release['how'] | null {
    const { minUs, quietUs, maxUs } = this.times
    const fromUs = this.now === 'leaving' ? Math.max(sinceUs, this.leavingSinceUs) : sinceUs
    const quiet = sight.present === 0 && nowUs - sight.lastArrivalUs >= quietUs
    if (quiet && nowUs - fromUs >= minUs) return 'drained'
    return nowUs - sinceUs >= maxUs ? 'late' : null
  }

  private restart(nowUs: number, { model }: DrainSight): void {
    if (model === 'gone') this.away = true
    if ((this.away && model === 'answers') || nowUs >= this.backUs) this.now = 'serving'
  }
}
