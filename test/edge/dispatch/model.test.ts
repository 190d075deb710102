import test from 'ava'
import fc from 'fast-check'
import { BUDGET } from '../../../edge/dispatch/budget.ts'
import type { Action } from '../../../edge/dispatch/action.ts'
import { Dispatch } from '../../../edge/dispatch/dispatch.ts'

/** The dispatcher against a model that only counts: what was given, to whom, and what became of it. */
const QUEUE = 1_000_000
const HOLD = 3_000_000
type Step =
  | { do: 'arrive'; waits: number }
  | { do: 'table'; ready: boolean[]; limit: number; growing: boolean }
  | {
      do: 'refuse' | 'unsent' | 'lost' | 'answer' | 'done' | 'leave'
      pick: number
      effective: number
      others: number
    }
  | { do: 'wait'; us: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('arrive' as const),
      waits: fc.constantFrom(Infinity, 300_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('table' as const),
      growing: fc.boolean(),
      ready: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'refuse' as const,
        'unsent' as const,
        'lost' as const,
        'answer' as const,
        'done' as const,
        'leave' as const,
      ),
      pick: fc.nat(1000),
      effective: fc.integer({ min: 1, max: 5 }),
      others: fc.nat(3),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      us: fc.constantFrom(1000, 50_000, 400_000),
    }),
  },
)

class Model {
  readonly dispatch: Dispatch
  now = 0
  nextId = 0
  arrivals = 0
  spent = 0
  given = new Map<number, { replica: string; probing: boolean }>()
  held = new Map<number, { arrived: number; waits: number }>()
  readonly arrivedAs = new Map<number, { arrived: number; waits: number }>()
  readonly over = new Set<number>()
  /** What the dispatcher may know of each replica: the limit it was last told, and others' requests there. */
  readonly known = new Map<
    string,
    { effective: number; others: number; ready: boolean; triedUs: number }
  >()
  limit = 0

  constructor(random: () => number) {
    this.dispatch = new Dispatch(random)
  }

  own(replica: string): number {
    return [...this.given.values()].filter(one => one.replica === replica).length
  }

  take(actions: Action[]): void {
    for (const action of actions) {
      if (action.kind === 'activate') continue
      if (this.over.has(action.id)) throw new Error(`${action.id} again after its end`)
      if (action.kind === 'send') this.takeSend(action)
      else {
        if (action.kind === 'reject' && !this.held.has(action.id))
          throw new Error(`${action.id} was not held`)
        this.held.delete(action.id)
        this.given.delete(action.id)
        this.over.add(action.id)
      }
    }
  }

  takeSend(action: Extract<Action, { kind: 'send' }>): void {
    const { id, replica, probing } = action
    const item = this.held.get(id)
    const known = this.known.get(replica)
    if (item === undefined || this.given.has(id)) throw new Error(`${id} given twice`)
    if (known === undefined || !known.ready)
      throw new Error(`${id} given to ${replica}, which is not ready`)
    if (this.now >= item.arrived + Math.min(item.waits, Math.max(QUEUE, HOLD)))
      throw new Error(`${id} given too late`)
    const free = known.effective - known.others - this.own(replica)
    if (!probing && free <= 0) throw new Error(`${replica} has no free slot for ${id}`)
    if (probing) {
      if (this.now - known.triedUs < 100_000) throw new Error(`${replica} tried too often`)
      known.triedUs = this.now
    }
    this.held.delete(id)
    this.given.set(id, { replica, probing })
  }

  step(step: Step): void {
    if (step.do === 'wait') {
      this.now += step.us
      return this.take(this.dispatch.tick(this.now))
    }
    this.now += 1
    if (step.do === 'arrive') {
      const id = this.nextId++
      this.arrivals++
      const item = { arrived: this.now, waits: step.waits }
      this.held.set(id, item)
      this.arrivedAs.set(id, item)
      return this.take(this.dispatch.arrive(id, this.now + step.waits, this.now))
    }
    if (step.do === 'table') return this.stepTable(step)
    const ids = [
      ...(step.do === 'leave' ? [...this.held.keys(), ...this.given.keys()] : this.given.keys()),
    ]
    const id = ids[step.pick % Math.max(1, ids.length)]
    if (id !== undefined) this.stepAbout(id, step)
  }

  stepTable(step: Extract<Step, { do: 'table' }>): void {
    const changed = step.limit !== this.limit
    this.limit = step.limit
    const replicas = step.ready.map((ready, i) => ({ replica: `r${i}`, ready }))
    for (const { replica, ready } of replicas) {
      const before = this.known.get(replica)
      if (before === undefined)
        this.known.set(replica, { effective: step.limit, others: 0, ready, triedUs: -Infinity })
      else {
        before.ready = ready
        if (changed) before.effective = step.limit
      }
    }
    const { limit, growing } = step
    const held = { growing, maxReplicas: 3 }
    const terms = { limit, queueUs: QUEUE, holdUs: HOLD, ...held, replicas }
    this.take(this.dispatch.table(terms, this.now))
  }

  stepAbout(id: number, step: Exclude<Step, { do: 'arrive' | 'table' | 'wait' }>): void {
    const replica = this.given.get(id)?.replica ?? ''
    const known = this.known.get(replica)
    const back = (): void => {
      this.given.delete(id)
      this.held.set(id, this.arrivedAs.get(id) ?? { arrived: 0, waits: 0 })
    }
    if (step.do === 'leave' || step.do === 'done') {
      this.held.delete(id)
      this.given.delete(id)
      this.over.add(id)
      const { dispatch, now } = this
      return this.take(
        step.do === 'leave' ? dispatch.leave(id, now) : dispatch.done(id, 'good', 1000, now),
      )
    }
    if (known === undefined) return
    if (step.do === 'answer') {
      const inFlight = this.own(replica) + step.others
      Object.assign(known, { effective: step.effective, others: step.others })
      return this.take(
        this.dispatch.answered(id, { effective: step.effective, inFlight }, this.now),
      )
    }
    back()
    if (step.do === 'refuse') {
      const inFlight = Math.max(step.effective, this.own(replica) + step.others)
      Object.assign(known, {
        effective: step.effective,
        others: Math.max(0, inFlight - this.own(replica)),
      })
      return this.take(
        this.dispatch.refused(id, { effective: step.effective, inFlight }, false, this.now),
      )
    }
    const actions =
      step.do === 'unsent'
        ? this.dispatch.unsent(id, this.now)
        : this.dispatch.lost(id, true, this.now)
    if (!actions.some(one => one.kind === 'fail' && one.id === id)) this.spent++
    this.take(actions)
  }

  check(): void {
    if (this.dispatch.heldCount !== this.held.size) throw new Error('held counts differ')
    if (this.dispatch.inFlight !== this.given.size) throw new Error('in flight counts differ')
    if (this.over.size + this.held.size + this.given.size !== this.arrivals)
      throw new Error('a request is lost')
    const earned = Math.min(
      BUDGET.mostMilli,
      BUDGET.startMilli + this.arrivals * BUDGET.earnedMilli,
    )
    if (this.spent * 1000 > earned) throw new Error('more retries than the budget has')
    for (const [id, item] of this.held) {
      if (this.now >= item.arrived + Math.min(item.waits, HOLD))
        throw new Error(`${id} held past its deadline`)
    }
  }
}

test('no request is lost or given twice, no slot overbooked, no deadline or budget passed', t => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 20, maxLength: 150 }),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      (steps, chances) => {
        const model = new Model(() => chances.next().value ?? 0)
        model.step({ do: 'table', ready: [true, true, false], limit: 2, growing: false })
        for (const one of steps) {
          model.step(one)
          model.check()
        }
      },
    ),
    { numRuns: 500 },
  )
  t.pass()
})

test('in calm each request is given in order of arrival', t => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { maxLength: 200 }),
      fc.integer({ min: 1, max: 5 }),
      (arrivals, limit) => {
        const dispatch = new Dispatch(() => 0)
        const order: number[] = []
        const flying: number[] = []
        const take = (actions: Action[]): void => {
          for (const action of actions) {
            if (action.kind !== 'send') continue
            order.push(action.id)
            flying.push(action.id)
          }
        }
        dispatch.table(
          {
            limit,
            queueUs: 1e9,
            holdUs: 1e9,
            growing: false,
            maxReplicas: 100,
            replicas: [{ replica: 'a', ready: true }],
          },
          0,
        )
        let id = 0
        let now = 0
        for (const arrive of arrivals) {
          now += 10
          const first = flying[0]
          if (arrive) take(dispatch.arrive(id++, Infinity, now))
          else if (first !== undefined)
            take(dispatch.done(flying.shift() ?? first, 'good', 10, now))
        }
        t.deepEqual(
          order,
          order.toSorted((x, y) => x - y),
        )
      },
    ),
  )
  t.pass()
})
