import type { Model } from '../plants/model.ts'
import type { FrontPod } from './front.ts'
import type { Gate } from './gate.ts'
import type { Request } from './request.ts'
import { Sidecar } from './sidecar.ts'

/** One replica: a gate, a model behind it, and where it is in its life. Times are us. */
export class Pod {
  readonly name: string
  /** Counts up with creation. */
  readonly index: number
  readonly gate: Gate
  readonly model: Model
  readonly createdUs: number
  /** When it will be ready first, and whether it is now. */
  readonly readyAtUs: number
  phase: 'starting' | 'ready' | 'down' | 'leaving' | 'gone' = 'starting'
  /** It was ready when it was asked to go, and when that was. */
  served = false
  leftUs = Infinity
  /** Its model is down, known or not. */
  dead = false
  diedUs = 0
  restarts = 0
  seq = 0
  /** Requests that its model has. */
  readonly held = new Map<number, Request>()
  /** Those that it works on though their clients have left. */
  readonly vain = new Map<number, Request>()
  /** Of the running second: requests x us in the pod, and those that reached it. */
  presentIntegral = 0
  arrived = 0
  private present = 0
  private movedUs: number

  constructor(parts: {
    name: string
    index: number
    gate: Gate
    model: Model
    createdUs: number
    readyAtUs: number
  }) {
    this.name = parts.name
    this.index = parts.index
    this.gate = parts.gate
    this.model = parts.model
    this.createdUs = parts.createdUs
    this.readyAtUs = parts.readyAtUs
    this.movedUs = parts.createdUs
  }

  /** Has been ready, and is not gone: it runs and is measured. */
  get runs(): boolean {
    return this.phase !== 'starting' && this.phase !== 'gone'
  }

  get idle(): boolean {
    return this.held.size === 0 && this.vain.size === 0 && this.gate.waiting === 0
  }

  /** It has been asked to go so long ago. */
  leaves(us: number, nowUs: number): boolean {
    return nowUs >= this.leftUs + us
  }

  /** Our sidecar says of a request that came after its model had died that nothing was sent. */
  unreached({ startedUs }: Request): boolean {
    return this.dead && this.gate instanceof Sidecar && (startedUs ?? 0) >= this.diedUs
  }

  /** Nobody is there to accept a connection. */
  get deaf(): boolean {
    return this.dead && this.gate.inside === true
  }

  /** Counts who is inside from now on. */
  moved(nowUs: number): void {
    this.presentIntegral += this.present * (nowUs - this.movedUs)
    this.movedUs = nowUs
    this.present = this.gate.inFlight + this.gate.waiting
  }

  /** The second's counts; the next one begins. */
  second(nowUs: number): { presentIntegral: number; arrived: number } {
    this.moved(nowUs)
    const { presentIntegral, arrived } = this
    this.presentIntegral = 0
    this.arrived = 0
    return { presentIntegral, arrived }
  }

  /** As a front knows it; `limit` is what it is told. */
  front(limit: number): FrontPod {
    const { gate } = this
    const own = gate instanceof Sidecar ? gate : null
    return {
      name: this.name,
      ready: this.phase === 'ready',
      limit,
      present: () => gate.inFlight + gate.waiting,
      ...(own === null
        ? {}
        : { slots: () => ({ effective: own.effective, inFlight: own.inFlight }) }),
    }
  }
}
