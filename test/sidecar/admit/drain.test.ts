import test from 'ava'
import fc from 'fast-check'
import {
  Drain,
  type DrainPhase,
  type DrainSight,
  type ModelSight,
} from '../../../sidecar/admit/drain.ts'

const MS = 1000
const SECOND = 1_000_000
const times = { minUs: 3 * SECOND, quietUs: 500 * MS, maxUs: 25 * SECOND }
const idle: DrainSight = { present: 0, lastArrivalUs: -Infinity, model: 'answers' }
const ids = (drain: Drain, at: number, sight: Partial<DrainSight> = {}): number[] =>
  drain.look(at, { ...idle, ...sight }).map(({ id }) => id)

test('a pod that is deleted: both hooks after the minimum, and it never serves again', t => {
  const drain = new Drain(times)
  t.is(drain.phase, 'serving')
  drain.hook('app', 1, 0)
  t.is(drain.phase, 'restarting')
  drain.hook('pod', 2, 100 * MS)
  t.is(drain.phase, 'leaving')
  t.deepEqual(ids(drain, 3 * SECOND), [], "the model's hook waits as long as the pod's")
  t.deepEqual(ids(drain, 3 * SECOND + 100 * MS), [1, 2])
  t.is(drain.waiting, 0)
  t.deepEqual(ids(drain, 60 * SECOND, { model: 'gone' }), [])
  t.deepEqual(ids(drain, 90 * SECOND), [])
  t.is(drain.phase, 'leaving')
})

test('what is in flight, and what came just now, keeps a hook waiting up to the maximum', t => {
  const drain = new Drain(times)
  drain.hook('pod', 1, 0)
  t.deepEqual(ids(drain, 5 * SECOND, { present: 1 }), [])
  t.deepEqual(ids(drain, 6 * SECOND, { lastArrivalUs: 5_600 * MS }), [])
  t.deepEqual(ids(drain, 24 * SECOND, { present: 1 }), [])
  t.deepEqual(drain.look(25 * SECOND, { ...idle, present: 1 }), [
    { id: 1, how: 'late', waitedUs: 25 * SECOND },
  ])
  const quiet = new Drain(times)
  quiet.hook('pod', 1, 0)
  t.deepEqual(quiet.look(6 * SECOND, { ...idle, lastArrivalUs: 5_500 * MS }), [
    { id: 1, how: 'drained', waitedUs: 6 * SECOND },
  ])
})

test("the model's hook alone is a restart: it ends when the model has been away and is back", t => {
  const drain = new Drain(times)
  drain.hook('app', 1, 0)
  // Unready before its hook is answered, as a model is whose liveness probe fails: not a restart yet.
  t.deepEqual(ids(drain, SECOND, { model: 'gone' }), [])
  t.deepEqual(ids(drain, 2 * SECOND), [])
  t.deepEqual(ids(drain, 3 * SECOND), [1])
  t.deepEqual(ids(drain, 4 * SECOND), [])
  t.is(drain.phase, 'restarting', 'it has not gone yet')
  ids(drain, 5 * SECOND, { model: 'gone' })
  t.is(drain.phase, 'restarting')
  ids(drain, 6 * SECOND)
  t.is(drain.phase, 'serving')
})

test('a model that is slow or unready while it ends is not back: it goes first', t => {
  const drain = new Drain(times)
  drain.hook('app', 1, 0)
  t.deepEqual(ids(drain, 3 * SECOND), [1])
  ids(drain, 4 * SECOND, { model: 'silent' })
  ids(drain, 5 * SECOND)
  t.is(drain.phase, 'restarting', 'it still serves what it has, and ends soon')
  ids(drain, 6 * SECOND, { model: 'gone' })
  ids(drain, 7 * SECOND, { model: 'silent' })
  t.is(drain.phase, 'restarting')
  ids(drain, 8 * SECOND)
  t.is(drain.phase, 'serving')
})

test('a restart too quick to be seen ends after a bounded time', t => {
  const drain = new Drain(times)
  drain.hook('app', 1, 0)
  t.deepEqual(ids(drain, 3 * SECOND), [1])
  ids(drain, 35 * SECOND - 1)
  t.is(drain.phase, 'restarting')
  ids(drain, 35 * SECOND)
  t.is(drain.phase, 'serving')
})

test('a pod that is deleted while its model restarts, and a second restart', t => {
  const drain = new Drain(times)
  drain.hook('app', 1, 0)
  t.deepEqual(ids(drain, 3 * SECOND), [1])
  drain.hook('app', 2, 4 * SECOND)
  t.deepEqual(ids(drain, 6 * SECOND, { model: 'gone' }), [], 'each hook has its own minimum')
  drain.hook('pod', 3, 6 * SECOND)
  t.deepEqual(ids(drain, 7 * SECOND), [], 'counted anew from the deletion')
  t.deepEqual(ids(drain, 9 * SECOND), [2, 3])
  t.is(drain.phase, 'leaving')
})

const after = { answers: 'silent', silent: 'gone', gone: 'answers' } as const

const step = fc.record({
  afterMs: fc.nat(900),
  does: fc.oneof(
    { weight: 12, arbitrary: fc.constant('look' as const) },
    { weight: 3, arbitrary: fc.constant('arrive' as const) },
    { weight: 4, arbitrary: fc.constant('finish' as const) },
    { weight: 2, arbitrary: fc.constant('model' as const) },
    { weight: 2, arbitrary: fc.constant('app' as const) },
    { weight: 1, arbitrary: fc.constant('pod' as const) },
  ),
})

/** What must hold, followed from outside. */
class Watch {
  readonly drain: Drain
  readonly waiting = new Map<number, number>()
  present = 0
  lastArrivalUs = -Infinity
  model: ModelSight = 'answers'
  pods = 0
  private id = 0
  readonly broken: string[] = []
  private readonly times: typeof times

  constructor(given: typeof times) {
    this.times = given
    this.drain = new Drain(given)
  }

  does(what: 'arrive' | 'finish' | 'model' | 'app' | 'pod' | 'look', now: number): void {
    if (what === 'arrive') {
      this.present++
      this.lastArrivalUs = now
    } else if (what === 'finish') this.present = Math.max(0, this.present - 1)
    else if (what === 'model') this.model = after[this.model]
    else if (what !== 'look') {
      if (what === 'pod') this.pods++
      this.waiting.set(++this.id, now)
      this.drain.hook(what, this.id, now)
      if (this.drain.phase === 'serving') this.broken.push('a hook and no drain')
    }
  }

  look(now: number): void {
    const before: DrainPhase = this.drain.phase
    const { present, lastArrivalUs, model } = this
    for (const { id, how } of this.drain.look(now, { present, lastArrivalUs, model })) {
      const waited = now - (this.waiting.get(id) ?? Infinity)
      this.waiting.delete(id)
      const over = waited >= this.times.maxUs
      if (how === 'late' && !over) this.broken.push('given up before the maximum')
      if (!over && waited < this.times.minUs) this.broken.push('answered before the minimum')
      if (!over && present > 0) this.broken.push('answered with requests in flight')
      if (!over && now - lastArrivalUs < this.times.quietUs) this.broken.push('answered in traffic')
    }
    for (const since of this.waiting.values()) {
      if (now - since >= this.times.maxUs) this.broken.push('not answered by the maximum')
    }
    const { phase } = this.drain
    if (this.pods > 0 && phase !== 'leaving') this.broken.push('back from leaving')
    if (before === 'restarting' && phase === 'serving' && this.waiting.size > 0)
      this.broken.push('served while a hook waits')
    if (before === 'serving' && phase !== 'serving') this.broken.push('a drain without a hook')
  }
}

test('whatever happens: answered by the maximum, never too early, and back only from a restart', t => {
  const given = fc.record({
    minUs: fc.nat(3000).map(ms => ms * MS),
    quietUs: fc.nat(800).map(ms => ms * MS),
    maxUs: fc.integer({ min: 3000, max: 9000 }).map(ms => ms * MS),
  })
  fc.assert(
    fc.property(given, fc.array(step, { maxLength: 120 }), (chosen, steps) => {
      const watch = new Watch(chosen)
      let now = 0
      for (const { afterMs, does } of steps) {
        now += afterMs * MS
        watch.does(does, now)
        watch.look(now)
      }
      // However it stands then: all hooks are answered, and a drain for a restart comes to its end.
      watch.look(now + chosen.maxUs)
      watch.look(now + chosen.maxUs + 10 * SECOND)
      t.deepEqual(watch.broken, [])
      t.is(watch.waiting.size, 0)
      t.is(watch.drain.phase, watch.pods > 0 ? 'leaving' : 'serving')
    }),
  )
})
