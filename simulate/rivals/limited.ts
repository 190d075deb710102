import { NONE, type Gate, type Passed } from '../path/gate.ts'
import type { Request } from '../path/request.ts'
import type { Limiter } from './limiters/limiter.ts'
import { Line } from './fronts/line.ts'

/** Another project's limiter before a model, with the queue that our sidecar has: half the limit and a few, and a wait. */
export class Limited implements Gate {
  private readonly limiter: Limiter
  private readonly line: Line
  /** In flight when each was admitted, itself included. */
  private readonly started = new Map<number, number>()
  private reached = false

  constructor(limiter: Limiter, queueUs: number) {
    this.limiter = limiter
    this.line = new Line(queueUs)
  }

  get limit(): number {
    return this.limiter.limit
  }
  get inFlight(): number {
    return this.started.size
  }
  get waiting(): number {
    return this.line.length
  }

  arrive(request: Request, nowUs: number): Passed {
    if (this.inFlight < this.limit && this.line.length === 0) {
      return { start: [this.start(request)], refuse: [] }
    }
    this.reached = true
    if (this.line.length >= Math.ceil(this.limit / 2) + 4) return { start: [], refuse: [request] }
    this.line.push(request, nowUs)
    return NONE
  }

  ended(request: Request, ok: boolean, nowUs: number): Passed {
    const inFlight = this.started.get(request.id)
    if (inFlight === undefined) return NONE
    this.started.delete(request.id)
    const rttUs = nowUs - (request.startedUs ?? nowUs)
    this.limiter.ended({ rttUs, inFlight, ok, reached: this.reached }, nowUs)
    this.reached = this.line.length > 0
    return this.settle(nowUs)
  }

  left(request: Request, nowUs: number): Passed {
    if (!this.started.delete(request.id)) this.line.remove(request)
    return this.settle(nowUs)
  }

  nextUs(): number {
    return this.line.nextUs()
  }

  wake(nowUs: number): Passed {
    return this.settle(nowUs)
  }

  /** A second has ended. */
  second(nowUs: number, cpuPermille: number | null): Passed {
    this.limiter.tick?.(nowUs, cpuPermille)
    return this.settle(nowUs)
  }

  private settle(nowUs: number): Passed {
    const refuse = this.line.expire(nowUs)
    const start: Request[] = []
    while (this.inFlight < this.limit) {
      const next = this.line.shift()
      if (next === undefined) break
      start.push(this.start(next))
    }
    return start.length === 0 && refuse.length === 0 ? NONE : { start, refuse }
  }

  private start(request: Request): Request {
    this.started.set(request.id, this.started.size + 1)
    return request
  }
}
