import { NONE, type Gate, type Passed } from '../../path/gate.ts'
import type { Request } from '../../path/request.ts'
import { Line } from './line.ts'

/** A fixed number of slots before a model, and a line of bounded length in order of arrival. */
export class Slots implements Gate {
  inFlight = 0
  readonly inside: boolean
  private readonly limit: number
  private readonly depth: number
  private readonly line: Line
  private readonly started = new Set<number>()

  /** `depth`: how many may wait; `waitUs`: how long; Infinity for no bound. `inside`: they are workers of the model. */
  constructor(limit: number, depth: number, waitUs: number, inside = false) {
    this.limit = limit
    this.depth = depth
    this.line = new Line(waitUs)
    this.inside = inside
  }

  get waiting(): number {
    return this.line.length
  }

  arrive(request: Request, nowUs: number): Passed {
    if (this.inFlight < this.limit) return { start: [this.start(request)], refuse: [] }
    if (this.line.length >= this.depth) return { start: [], refuse: [request] }
    this.line.push(request, nowUs)
    return NONE
  }

  ended(request: Request, _ok: boolean, _nowUs: number): Passed {
    return this.over(request)
  }

  left(request: Request, _nowUs: number): Passed {
    return this.line.remove(request) ? NONE : this.over(request)
  }

  nextUs(): number {
    return this.line.nextUs()
  }

  wake(nowUs: number): Passed {
    return { start: [], refuse: this.line.expire(nowUs) }
  }

  /** Its slot goes to the first in line. */
  private over({ id }: Request): Passed {
    if (!this.started.delete(id)) return NONE
    this.inFlight--
    const next = this.line.shift()
    return next === undefined ? NONE : { start: [this.start(next)], refuse: [] }
  }

  private start(request: Request): Request {
    this.inFlight++
    this.started.add(request.id)
    return request
  }
}
