import { Agenda } from './agenda.ts'
import type { Ledger } from './ledger.ts'
import type { Front, Routed } from './path/front.ts'
import { FrontCount, type FrontSecond } from './path/front-count.ts'
import type { Gate, Passed } from './path/gate.ts'
import { Herd } from './path/herd.ts'
import type { Pod } from './path/pod.ts'
import type { Request } from './path/request.ts'
import type { Model } from './plants/model.ts'
import type { Arrivals } from './traffic/arrivals.ts'
import type { Patience } from './patience.ts'

/** What a run is made of. */
export interface Parts {
  arrivals: Arrivals
  patience: Patience
  front: Front
  ledger: Ledger
  gate(name: string, nowUs: number): Gate
  model(index: number): Model
  /** us from a pod's creation until it is ready. */
  startUpUs(): number
  /** What a front is told that a pod may hold. */
  limit(): number
}

const ARRIVALS = 0
const FRONT = 1
const CLIENTS = 2
const FIRST_POD = 3
/** Entries of a pod in the agenda: its model, its gate, its next change of phase. */
const EACH = 3
const MODEL = 0
const GATE = 1
const TURN = 2
/** Kubernetes' default terminationGracePeriodSeconds. */
const GRACE_US = 30_000_000

/** Clients, what stands in front, and pods, in virtual time (us): who does what when. Who scales is told each second. */
export class World {
  readonly ledger: Ledger
  readonly front: Front
  nowUs = 0
  private readonly parts: Parts
  private readonly agenda = new Agenda()
  private readonly herd: Herd
  private readonly live = new Map<number, Request>()
  private readonly frontCount = new FrontCount()
  /** Came to a dead model, and are about to fail. */
  private readonly dead: { pod: Pod; request: Request }[] = []
  private lastId = 0

  constructor(parts: Parts) {
    this.parts = parts
    this.ledger = parts.ledger
    this.front = parts.front
    this.herd = new Herd(parts.gate, parts.model)
  }

  /** All that exist; `desired` may differ while some come or go. */
  get pods(): readonly Pod[] {
    return this.herd.pods
  }

  get desired(): number {
    return this.herd.desired
  }

  /** Pods that are there from the beginning, ready. */
  begin(count: number): void {
    this.agenda.set(ARRIVALS, this.parts.arrivals.nextUs)
    this.herd.scale(count, [], 0, () => 0)
    this.tellFront()
  }

  /** Runs until the given time. */
  until(endUs: number): void {
    while (this.agenda.time < endUs) {
      const { key, time } = this.agenda
      this.nowUs = Math.max(this.nowUs, time)
      this.act(key)
    }
    this.nowUs = endUs
  }

  /** What was paid for, s: all pods, from creation to end. */
  paidSeconds(): number {
    return this.herd.paidSeconds(this.nowUs)
  }

  /** Asks for so many; `victims` go first. */
  scale(to: number, victims: readonly string[] = []): void {
    const { come, go } = this.herd.scale(to, victims, this.nowUs, this.parts.startUpUs)
    for (const pod of come) this.agenda.set(keyOf(pod, TURN), pod.readyAtUs)
    for (const pod of go) {
      // One that serves lets what it has end, for as long as Kubernetes gives it.
      if (!pod.served || pod.idle) this.gone(pod)
      else this.agenda.set(keyOf(pod, TURN), this.nowUs + GRACE_US)
    }
    this.tellFront()
  }

  /** Requests that a gate has passed or turned away of itself, as at the end of a second. */
  passed(pod: Pod, passed: Passed): void {
    for (const request of passed.start) this.start(pod, request)
    for (const request of passed.refuse) {
      request.pod = pod.name
      this.route(this.front.refused(request, this.nowUs))
    }
    this.touch(pod)
  }

  route(routed: Routed): void {
    for (const request of routed.refuse) this.over(request, 'rejected')
    for (const request of routed.fail ?? []) this.over(request, 'failed')
    for (const { request, pod } of routed.send) this.send(request, pod)
    this.agenda.set(FRONT, this.front.nextUs())
    this.frontCount.moved(this.front.waiting, this.nowUs)
  }

  /** What was counted of what stands in front since the last call. */
  frontSecond(): FrontSecond {
    return this.frontCount.take(this.front.waiting, this.nowUs)
  }

  tellFront(): void {
    const seen = this.pods.filter(({ phase }) => phase !== 'gone' && phase !== 'leaving')
    this.route(
      this.front.pods(
        seen.map(pod => pod.front(this.parts.limit())),
        this.nowUs,
      ),
    )
  }

  private act(key: number): void {
    if (key === ARRIVALS) return this.arrive()
    if (key === FRONT) return this.route(this.front.wake(this.nowUs))
    if (key === CLIENTS) return this.clients()
    const pod = this.herd.at(Math.floor((key - FIRST_POD) / EACH))
    const what = (key - FIRST_POD) % EACH
    if (what === MODEL) this.endings(pod)
    else if (what === GATE) this.passed(pod, pod.gate.wake(this.nowUs))
    else this.turn(pod)
  }

  private arrive(): void {
    const { arrivals } = this.parts
    const { kind } = arrivals
    arrivals.take()
    this.agenda.set(ARRIVALS, arrivals.nextUs)
    this.ledger.born(this.nowUs)
    this.offer(kind, this.nowUs, 0)
  }

  private offer(kind: number, bornUs: number, tries: number): void {
    const request: Request = {
      id: ++this.lastId,
      kind,
      bornUs,
      arrivedUs: this.nowUs,
      tries,
      startedUs: null,
      pod: null,
    }
    this.frontCount.arrived++
    if (this.parts.patience.watch(request)) this.live.set(request.id, request)
    this.agenda.set(CLIENTS, this.parts.patience.nextUs)
    this.route(this.front.arrive(request, this.nowUs))
  }

  /** Clients whose time has come: some send again, some give up. */
  private clients(): void {
    const { patience } = this.parts
    for (const again of patience.due(this.nowUs)) {
      if (again.what === 'again') {
        this.offer(again.kind, again.bornUs, again.tries)
        continue
      }
      const request = this.live.get(again.id)
      if (request !== undefined) this.left(request)
    }
    this.agenda.set(CLIENTS, patience.nextUs)
  }

  private left(request: Request): void {
    this.live.delete(request.id)
    const pod = request.pod === null ? undefined : this.herd.get(request.pod)
    pod?.held.delete(request.id)
    pod?.model.leave?.(request.id, this.nowUs)
    if (pod !== undefined) this.passed(pod, pod.gate.left(request, this.nowUs))
    this.route(this.front.left(request, this.nowUs))
    this.over(request, 'timeout')
  }

  private send(request: Request, name: string): void {
    const pod = this.herd.get(name)
    request.pod = name
    request.startedUs = null
    if (pod === undefined || !pod.runs) return this.unsent(request)
    pod.arrived++
    this.passed(pod, pod.gate.arrive(request, this.nowUs))
  }

  private unsent(request: Request): void {
    if (this.front.unsent !== undefined) this.route(this.front.unsent(request, this.nowUs))
    else this.route(this.front.ended(request, false, this.nowUs))
    if (this.front.unsent === undefined) this.over(request, 'failed')
  }

  private start(pod: Pod, request: Request): void {
    request.pod = pod.name
    request.startedUs = this.nowUs
    pod.held.set(request.id, request)
    if (pod.phase === 'down' || pod.phase === 'gone') return this.bury(pod, request)
    pod.model.start(request.id, request.kind, this.nowUs)
  }

  /** It came to a dead model. One after the other: each may let another go there that waited. */
  private bury(pod: Pod, request: Request): void {
    if (this.dead.push({ pod, request }) > 1) return
    for (let at = 0; at < this.dead.length; at++) {
      const next = this.dead[at]
      if (next !== undefined) this.ended(next.pod, next.request, false)
    }
    this.dead.length = 0
  }

  private endings(pod: Pod): void {
    const ended = pod.model.end(this.nowUs)
    const until = pod.model.downUntilUs(this.nowUs)
    // Before anybody is let through in place of those that fail: a dead model takes nobody.
    if (until !== null && pod.phase === 'ready') {
      pod.phase = 'down'
      pod.restarts++
      this.agenda.set(keyOf(pod, TURN), until)
      this.tellFront()
    }
    for (const { id, ok, tokens } of ended) {
      const request = pod.held.get(id)
      if (request === undefined) continue
      if (tokens > 0) pod.gate.tokens?.(tokens)
      this.ended(pod, request, ok)
    }
    this.touch(pod)
  }

  private ended(pod: Pod, request: Request, ok: boolean): void {
    pod.held.delete(request.id)
    const passed = pod.gate.ended(request, ok, this.nowUs)
    if (ok) {
      this.live.delete(request.id)
      this.ledger.answered(request, this.nowUs)
    } else this.over(request, 'failed')
    this.passed(pod, passed)
    this.route(this.front.ended(request, ok, this.nowUs))
  }

  /** A try has come to nothing: its client sends again, or the request is lost. */
  private over(request: Request, how: 'rejected' | 'failed' | 'timeout'): void {
    if (how === 'rejected') this.ledger.rejected()
    this.live.delete(request.id)
    if (!this.parts.patience.again(request, how, this.nowUs)) this.ledger.lost(request)
    this.agenda.set(CLIENTS, this.parts.patience.nextUs)
  }

  /** Starting becomes ready, down becomes up, and who leaves is gone at the latest now. */
  private turn(pod: Pod): void {
    this.agenda.set(keyOf(pod, TURN), Infinity)
    if (pod.phase === 'leaving') return this.gone(pod)
    if (pod.phase === 'gone') return
    pod.phase = 'ready'
    this.touch(pod)
    this.tellFront()
  }

  private gone(pod: Pod): void {
    this.herd.bury(pod, this.nowUs)
    for (let i = 0; i < EACH; i++) this.agenda.set(keyOf(pod, i), Infinity)
    const held = Array.from(pod.held.values())
    for (const request of held) this.ended(pod, request, false)
  }

  private touch(pod: Pod): void {
    pod.moved(this.nowUs)
    if (pod.phase === 'gone') return
    if (pod.phase === 'leaving' && pod.idle) return this.gone(pod)
    this.agenda.set(keyOf(pod, MODEL), pod.phase === 'down' ? Infinity : pod.model.nextUs())
    this.agenda.set(keyOf(pod, GATE), pod.gate.nextUs())
  }
}

function keyOf({ index }: Pod, entry: number): number {
  return FIRST_POD + EACH * index + entry
}
