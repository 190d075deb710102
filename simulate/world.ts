import { Agenda } from './agenda.ts'
import { Crowd } from './crowd.ts'
import type { Ledger } from './ledger.ts'
import type { Front, Routed } from './path/front.ts'
import { FrontCount, type FrontSecond } from './path/front-count.ts'
import type { Passed } from './path/gate.ts'
import type { Parts } from './parts.ts'
import { Herd } from './path/herd.ts'
import type { Pod } from './path/pod.ts'
import type { Request } from './path/request.ts'

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
/** A pod that has served stays so long at least, as its address is still in use elsewhere (sidecar/env-table.ts). */
const LEAVES_US = 3_000_000

/** Clients, what stands in front, and pods, in virtual time (us): who does what when. Who scales is told each second. */
export class World {
  readonly ledger: Ledger
  readonly front: Front
  nowUs = 0
  private readonly parts: Parts
  private readonly agenda = new Agenda()
  private readonly herd: Herd
  private readonly crowd: Crowd
  private readonly frontCount = new FrontCount()
  /** Came to a dead server, and are about to fail. */
  private readonly dead: { pod: Pod; request: Request }[] = []

  constructor(parts: Parts) {
    this.parts = parts
    this.ledger = parts.ledger
    this.front = parts.front
    this.herd = new Herd(parts.gate, parts.model)
    this.crowd = new Crowd(parts.patience, parts.ledger)
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
      if (pod.served) this.agenda.set(keyOf(pod, TURN), this.nowUs + LEAVES_US)
      else this.gone(pod)
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
    this.offer(this.crowd.send(kind, this.nowUs, 0, this.nowUs))
  }

  private offer(request: Request): void {
    this.frontCount.arrived++
    this.agenda.set(CLIENTS, this.crowd.nextUs)
    this.route(this.front.arrive(request, this.nowUs))
  }

  /** Clients whose time has come: some send again, some give up. */
  private clients(): void {
    for (const { again, gone } of this.crowd.due(this.nowUs)) {
      if (again !== null) this.offer(again)
      if (gone !== null) this.left(gone)
    }
    this.agenda.set(CLIENTS, this.crowd.nextUs)
  }

  private left(request: Request): void {
    const pod = request.pod === null ? undefined : this.herd.get(request.pod)
    if (pod !== undefined) this.leftPod(pod, request)
    this.route(this.front.left(request, this.nowUs))
    this.over(request, 'timeout')
  }

  /** A worker of a plain server that doesn't notice is busy until it has done what nobody waits for. */
  private leftPod(pod: Pod, request: Request): void {
    const had = pod.held.delete(request.id)
    const stops = pod.model.leave?.(request.id, this.nowUs) ?? false
    if (had && !stops && pod.gate.inside === true) pod.vain.set(request.id, request)
    else this.passed(pod, pod.gate.left(request, this.nowUs))
  }

  private send(request: Request, name: string): void {
    const pod = this.herd.get(name)
    request.pod = name
    request.startedUs = null
    if (pod === undefined || !pod.runs || pod.deaf) return this.unsent(request)
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
    if (pod.phase === 'gone' || pod.deaf) return this.bury(pod, request)
    pod.model.start(request.id, request.kind, this.nowUs)
  }

  /** It came to a dead server. One after the other: each may let another go there that waited. */
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
    // Before anybody is let through in place of those that fail: a dead server takes nobody.
    if (!pod.dead && pod.model.downUntilUs(this.nowUs) !== null) this.died(pod)
    for (const { id, ok, tokens } of ended) {
      const request = pod.held.get(id)
      if (request === undefined) {
        this.done(pod, id)
        continue
      }
      if (tokens > 0) pod.gate.tokens?.(tokens)
      this.ended(pod, request, ok)
    }
    this.touch(pod)
  }

  /** The model has done what nobody waited for any more. */
  private done(pod: Pod, id: number): void {
    const request = pod.vain.get(id)
    if (request === undefined) return
    pod.vain.delete(id)
    this.passed(pod, pod.gate.left(request, this.nowUs))
  }

  /** Nobody knows of it yet. */
  private died(pod: Pod): void {
    pod.dead = true
    pod.diedUs = this.nowUs
    pod.restarts++
    if (pod.phase !== 'ready') return
    this.agenda.set(keyOf(pod, TURN), this.nowUs + this.parts.unreadyUs())
  }

  private revived(pod: Pod): void {
    pod.dead = false
    if (pod.phase !== 'ready' && pod.phase !== 'down') return
    this.agenda.set(keyOf(pod, TURN), Infinity)
    if (pod.phase === 'ready') return
    pod.phase = 'ready'
    this.tellFront()
  }

  private ended(pod: Pod, request: Request, ok: boolean): void {
    pod.held.delete(request.id)
    const passed = pod.gate.ended(request, ok, this.nowUs)
    if (!ok && pod.unreached(request)) {
      this.passed(pod, passed)
      return this.unsent(request)
    }
    if (ok) this.crowd.answered(request, this.nowUs)
    else this.over(request, 'failed')
    this.passed(pod, passed)
    this.route(this.front.ended(request, ok, this.nowUs))
  }

  private over(request: Request, how: 'rejected' | 'failed' | 'timeout'): void {
    this.crowd.over(request, how, this.nowUs)
    this.agenda.set(CLIENTS, this.crowd.nextUs)
  }

  /** Starting becomes ready, who died is known to be down, and who leaves is gone at the latest now. */
  private turn(pod: Pod): void {
    this.agenda.set(keyOf(pod, TURN), Infinity)
    if (pod.phase === 'gone') return
    if (pod.phase === 'leaving') {
      if (pod.idle || pod.leaves(GRACE_US, this.nowUs)) return this.gone(pod)
      return this.agenda.set(keyOf(pod, TURN), pod.leftUs + GRACE_US)
    }
    pod.phase = pod.dead ? 'down' : 'ready'
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
    if (pod.dead && pod.model.downUntilUs(this.nowUs) === null) this.revived(pod)
    if (pod.phase === 'leaving' && pod.idle && pod.leaves(LEAVES_US, this.nowUs))
      return this.gone(pod)
    this.agenda.set(keyOf(pod, MODEL), pod.model.nextUs())
    this.agenda.set(keyOf(pod, GATE), pod.gate.nextUs())
  }
}

function keyOf({ index }: Pod, entry: number): number {
  return FIRST_POD + EACH * index + entry
}
