import test from 'ava'
import fc from 'fast-check'
import type { Order } from '../../../core/model/order.ts'
import { Admission, type Ticket } from '../../../sidecar/admit/admission.ts'
import { retryAfter } from '../../../sidecar/admit/retry.ts'
import type { Counts } from '../../../sidecar/admit/tally.ts'

const order = (n: number, limit: number, other: number | null): Order => ({
  v: 1,
  endpoint: 'local/a',
  revision: 'r',
  limit,
  objectiveUs: 1000,
  probe: other === null ? null : { other, slotSeconds: 2, settleSeconds: 1 },
  latePermille: 50,
  queueUs: 50_000,
  epoch: 1,
  n,
  decision: 'd',
  issued: 0,
})

const limits = fc.integer({ min: 1, max: 12 })
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('arrive' as const), edge: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('finish' as const),
      which: fc.nat(),
      kind: fc.constantFrom('ok' as const, 'client' as const, 'server' as const),
      serviceUs: fc.nat(5000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('second' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('order' as const),
      limit: limits,
      other: fc.option(limits),
    }),
  },
)
const steps = fc.array(fc.record({ step, after: fc.nat(30_000) }), { maxLength: 200 })

/** What the machine must keep, followed from outside. */
class Watch {
  readonly inFlight: Ticket[] = []
  readonly queued: Ticket[] = []
  admittedInOrder: Ticket[] = []
  readonly ends = { completed: 0, rejected: 0, abandoned: 0, abandonedQueued: 0 }
  arrived = 0

  sees(tickets: readonly Ticket[]): void {
    for (const ticket of tickets) {
      const at = this.queued.indexOf(ticket)
      if (at >= 0) this.queued.splice(at, 1)
      if (ticket.state === 'in-flight') {
        this.inFlight.push(ticket)
        this.admittedInOrder.push(ticket)
      } else if (ticket.state === 'rejected') this.ends.rejected++
      else if (ticket.state === 'queued') this.queued.push(ticket)
    }
  }

  forget(ticket: Ticket): void {
    for (const list of [this.inFlight, this.queued]) {
      const at = list.indexOf(ticket)
      if (at >= 0) list.splice(at, 1)
    }
  }
}

test('never above the limit at admission, in order of arrival, nothing leaks, all is counted', t => {
  fc.assert(
    fc.property(limits, steps, (first, actions) => {
      const admission = new Admission({ limit: first, queueUs: 40_000, objectiveUs: 900 }, 0, 0)
      const watch = new Watch()
      const totals: Counts[] = []
      let now = 0
      let n = 0
      const pick = (list: Ticket[], which: number): Ticket | undefined => list[which % list.length]
      for (const { step: action, after } of actions) {
        now += after
        const before = watch.inFlight.length
        if (action.do === 'arrive') {
          watch.arrived++
          const ticket = admission.arrive(now, { edge: action.edge, patienceUs: null })
          watch.sees([ticket])
          t.false(action.edge && ticket.state === 'queued')
        } else if (action.do === 'finish') {
          const ticket = pick(watch.inFlight, action.which)
          if (ticket === undefined) continue
          watch.forget(ticket)
          watch.ends.completed++
          watch.sees(admission.finish(ticket, now, action))
        } else if (action.do === 'leave') {
          const ticket = pick([...watch.inFlight, ...watch.queued], action.which)
          if (ticket === undefined) continue
          if (watch.queued.includes(ticket)) watch.ends.abandonedQueued++
          watch.forget(ticket)
          watch.ends.abandoned++
          watch.sees(admission.leave(ticket, now))
        } else if (action.do === 'second') {
          const { counts, changed } = admission.second(now)
          totals.push(counts)
          watch.sees(changed)
        } else if (action.do === 'expire') watch.sees(admission.expire(now))
        else admission.take(order(++n, action.limit, action.other))

        t.is(admission.inFlight, watch.inFlight.length)
        t.is(admission.queued, watch.queued.length)
        if (watch.inFlight.length > before) {
          t.true(watch.inFlight.length <= admission.state.effective)
        }
        // Whoever waits, waits because there is no slot, and not past its deadline for long.
        if (watch.queued.length > 0 && action.do !== 'order') {
          t.true(watch.inFlight.length >= admission.state.effective)
        }
      }
      const waited = watch.admittedInOrder.map(ticket => ticket.arrivedUs)
      t.deepEqual(
        waited,
        waited.toSorted((a, b) => a - b),
      )
      // Before the last second's end, which admits some more.
      const { inFlight, queued } = admission
      totals.push(admission.second(now).counts)
      const sum = (of: (counts: Counts) => number): number =>
        totals.reduce((all, counts) => all + of(counts), 0)
      const { completed, abandoned, abandonedQueued } = watch.ends
      const rejected = sum(c => Object.values(c.rejected).reduce((a, b) => a + b, 0))
      t.is(
        watch.arrived,
        sum(c => c.offered + c.attempts),
      )
      t.is(
        completed,
        sum(c => c.completed.ok + c.completed.client + c.completed.server),
      )
      t.is(
        abandoned,
        sum(c => c.abandoned),
      )
      const arrivals = sum(c => c.offered + c.attempts)
      t.is(arrivals, sum(c => c.admitted) + rejected + abandonedQueued + queued)
      t.is(arrivals, completed + rejected + abandoned + inFlight + queued)
      for (const counts of totals) {
        if (counts.us === 1) continue
        t.is(
          counts.occupancy.reduce((us, row) => us + (row[1] ?? 0), 0),
          counts.us,
        )
      }
    }),
    { numRuns: 300 },
  )
})

test('levels are integrals: two for a second, and a third that waits half of it', t => {
  const admission = new Admission({ limit: 2, queueUs: 1e9, objectiveUs: null }, 0, 0)
  const who = { edge: false, patienceUs: null }
  const a = admission.arrive(0, who)
  admission.arrive(0, who)
  const c = admission.arrive(500_000, who)
  t.is(c.state, 'queued')
  const { counts } = admission.second(1_000_000)
  t.deepEqual(counts.inFlight, { integral: 2_000_000, max: 2, end: 2 })
  t.deepEqual(counts.queued, { integral: 500_000, max: 1, end: 1 })
  t.is(counts.boundUs, 1_000_000)
  t.deepEqual(counts.occupancy, [[2, 1_000_000, 0, 0]])
  const [next] = admission.finish(a, 1_250_000, { kind: 'ok', serviceUs: 1_250_000 })
  t.is(next, c)
  t.is(c.admittedUs, 1_250_000)
  const after = admission.second(2_000_000).counts
  t.deepEqual(after.wait, {
    count: 1,
    sum: 750_000,
    squares: String(750_000 ** 2),
    histogram: after.wait.histogram,
  })
  t.deepEqual(after.occupancy, [[2, 1_000_000, 1, 0]])
})

test('a closed admission rejects those who wait and those who come', t => {
  const admission = new Admission({ limit: 1, queueUs: 1e9, objectiveUs: null }, 0, 0)
  const who = { edge: false, patienceUs: null }
  admission.arrive(0, who)
  const waiting = admission.arrive(0, who)
  t.deepEqual(admission.close(1), [waiting])
  t.is(waiting.reason, 'draining')
  t.is(admission.arrive(2, who).reason, 'draining')
})

test('Retry-After follows the drain rate within 1 to 30 s', t => {
  t.is(retryAfter(0, 100, 0), 1)
  t.is(retryAfter(9, 2, 0), 5)
  t.is(retryAfter(9, 2, 1), 10)
  t.is(retryAfter(9, 0, 0.5), 30)
  t.is(retryAfter(1000, 1, 0), 30)
})
