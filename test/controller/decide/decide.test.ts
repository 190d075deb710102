import test from 'ava'
import fc from 'fast-check'
import { canonical } from '../../../core/model/canonical.ts'
import { decisionBody, type Inputs } from '../../../core/model/decision.ts'
import { reasons, wordsOf } from '../../../core/model/reasons.ts'
import { check } from '../../../core/model/schema.ts'
import { defaults, type Settings } from '../../../core/model/settings.ts'
import {
  ALGORITHM,
  algorithms,
  decide,
  due,
  fresh,
  withOverrides,
  type State,
} from '../../../controller/decide/decide.ts'
import { inputs, replicas, windows, NOW } from './sight.ts'

const SUBJECT = { endpoint: 'local/x', revision: 'r1' }
const settings: Settings = { ...defaults, 'max-replicas': 50, 'fixed-limit': 4 }
const known: State = decide('limit', SUBJECT, inputs(), fresh(settings, 'r1'), settings, NOW).state

const figures = fc.record({
  desired: fc.nat({ max: 60 }),
  ready: fc.nat({ max: 60 }),
  starting: fc.nat({ max: 5 }),
  offered: fc.nat({ max: 5000 }),
  rejected: fc.nat({ max: 5000 }),
  server: fc.nat({ max: 100 }),
  serviceUs: fc.integer({ min: 1000, max: 5_000_000 }),
  inFlightMilli: fc.nat({ max: 200_000 }),
  heldMilli: fc.nat({ max: 100_000 }),
  coverage: fc.nat({ max: 1000 }),
  boundPermille: fc.nat({ max: 1000 }),
  cpuPermille: fc.option(fc.nat({ max: 1200 })),
  memoryPermille: fc.option(fc.nat({ max: 1000 })),
  waitP95: fc.option(fc.nat({ max: 2_000_000 })),
})
type Figures = typeof figures extends fc.Arbitrary<infer F> ? F : never

/** Inputs of these figures, all demand `times` as much. */
function inputsOf(f: Figures, times = 1): Inputs {
  const { desired, ready, starting, offered, rejected, server, serviceUs, ...rest } = f
  const ok = Math.max(0, offered - rejected)
  return inputs({
    replicas: replicas(ready, { desired, starting }),
    windows: windows({
      ...rest,
      offered: offered * times,
      rejected: Math.min(offered, rejected) * times,
      ok: ok * times,
      server,
      serviceCount: ok * times,
      serviceSum: ok * serviceUs * times,
      inFlightMilli: rest.inFlightMilli * times,
      heldMilli: rest.heldMilli * times,
    }),
    offeredPerSecond: Array.from({ length: 60 }, (_, i) => Math.round(offered / 20) * times + i),
  })
}

const decided = (seen: Inputs, state = known, by = settings) =>
  decide('replicas', SUBJECT, seen, state, by, NOW)

test('never outside min and max', t => {
  fc.assert(
    fc.property(figures, fc.nat({ max: 5 }), fc.integer({ min: 5, max: 40 }), (f, min, max) => {
      const by = { ...settings, 'min-replicas': Math.max(1, min), 'max-replicas': max }
      const { to } = decided(inputsOf(f), known, by).verdict.outcome
      t.true(to >= Math.max(1, min) && to <= max, `${to}`)
    }),
  )
})

test('missing data never lowers', t => {
  fc.assert(
    fc.property(figures, f => {
      const seen = inputsOf({
        ...f,
        coverage: Math.floor(f.coverage / 2.01),
        desired: Math.min(f.desired, 50),
      })
      const { from, to } = decided(seen).verdict.outcome
      t.true(to >= from)
      const none = decided({ ...seen, windows: null, windowAgeMs: null }).verdict.outcome
      t.is(none.to, Math.max(1, none.from))
    }),
  )
})

test('more demand never means fewer replicas', t => {
  fc.assert(
    fc.property(figures, fc.integer({ min: 2, max: 5 }), (f, times) => {
      const less = decided(inputsOf(f)).verdict.outcome.to
      const more = decided(inputsOf(f, times)).verdict.outcome.to
      t.true(more >= less, `${less} then ${more}`)
    }),
  )
})

test('the same bytes twice, within the record schema, every sentence filled', t => {
  fc.assert(
    fc.property(fc.array(figures, { minLength: 1, maxLength: 8 }), run => {
      let state = known
      for (const [i, f] of run.entries()) {
        const seen = inputsOf(f)
        const now = NOW + i * 5000
        const first = decide('replicas', SUBJECT, seen, state, settings, now)
        const copy = JSON.parse(canonical({ seen, state })) as { seen: Inputs; state: State }
        const again = decide('replicas', SUBJECT, copy.seen, copy.state, settings, now)
        t.is(canonical(first), canonical(again))
        const hash = '0'.repeat(64)
        const { verdict } = first
        const body = {
          what: 'replicas',
          ...SUBJECT,
          now,
          inputs: seen,
          state: hash,
          settings: hash,
        }
        const checked = check(decisionBody, {
          ...body,
          algorithm: ALGORITHM,
          ...verdict,
          after: hash,
        })
        t.deepEqual(checked.ok ? [] : checked.issues, [])
        t.true(verdict.reasons.length > 0)
        for (const { code, numbers } of verdict.reasons) {
          t.true(Object.hasOwn(reasons, code))
          t.notRegex(wordsOf(code, numbers), /\{/, code)
        }
        state = first.state
        t.true(canonical(state).length < 10_000)
      }
    }),
    { numRuns: 200 },
  )
})

test('an idle endpoint decided again has the same state: the log can write a repeat', t => {
  const idle = inputs({
    replicas: replicas(1),
    windows: windows({ offered: 0, ok: 0, serviceCount: 0, serviceSum: 0, inFlightMilli: 0 }),
  })
  const first = decide('replicas', SUBJECT, idle, known, settings, NOW + 1000)
  const second = decide('replicas', SUBJECT, idle, first.state, settings, NOW + 6000)
  t.is(canonical(second.state), canonical(first.state))
  t.is(second.verdict.outcome.action, 'hold')
})

test('a limit that fell is due at once and adds replicas in the same tick', t => {
  const learning = { ...settings, 'fixed-limit': null }
  const busy = inputs({ windows: windows({ inFlightMilli: 12_000 }) })
  const before = decided(busy, known, learning)
  t.is(before.verdict.outcome.to, 5)
  t.false(due(before.state, learning, NOW + 1000, { decided: NOW }).replicas)
  const cut = { ...before.state, limit: { ...before.state.limit, limit: 2 } }
  t.true(due(cut, learning, NOW + 1000, { decided: NOW }).replicas)
  t.is(decided(busy, cut, learning).verdict.outcome.to, 8)
})

test('a state of a former version, without what came later, is decided on', t => {
  const later = new Set(['peaks', 'returns'])
  const replicasThen = Object.fromEntries(
    Object.entries(known.replicas).filter(([name]) => !later.has(name)),
  ) as typeof known.replicas
  const surge = inputs({ windows: windows({ inFlightMilli: 64_000 }) })
  const { verdict, state } = decided(surge, { ...known, replicas: replicasThen })
  t.is(verdict.outcome.to, 20)
  t.is(canonical(decided(inputs(), state).state), canonical(decided(inputs(), state).state))
})

test('replicas are due every decide-every, and at first', t => {
  const { state } = decided(inputs())
  t.true(due(state, settings, NOW, { decided: null }).replicas)
  t.false(due(state, settings, NOW + 4400, { decided: NOW }).replicas)
  t.true(due(state, settings, NOW + 5000, { decided: NOW }).replicas)
  t.true(
    due(state, settings, NOW + 4997, { decided: NOW }).replicas,
    'a second that is a little early counts',
  )
})

test('under pressure replicas are due each second, but not while the first limit is being found', t => {
  const { state } = decided(inputs())
  const pressed = { decided: NOW, pressed: true }
  t.true(due(state, settings, NOW + 1000, pressed).replicas)
  t.false(due(state, settings, NOW + 400, pressed).replicas)
  const learning = { ...settings, 'fixed-limit': null }
  const cold = { ...state, limit: { ...state.limit, phase: 'cold' as const } }
  t.false(due(cold, learning, NOW + 1000, pressed).replicas)
})

test('advice only: the change is told, nothing acts and no policy counts it', t => {
  const surge = inputs({ windows: windows({ inFlightMilli: 64_000 }) })
  const { verdict, state } = decided(surge, known, { ...settings, 'advise-only': true })
  t.like(verdict.outcome, { action: 'up', from: 4, to: 20, act: false })
  t.deepEqual(
    verdict.reasons.map(reason => reason.code),
    ['demand', 'advise'],
  )
  t.deepEqual(state.replicas.added, [])
})

test('an override in force stands in for its setting', t => {
  const surge = { windows: windows({ inFlightMilli: 64_000 }) }
  const cap = { what: 'max-replicas', value: '6', who: null, until: NOW + 1 }
  t.is(decided(inputs({ ...surge, overrides: [cap] })).verdict.outcome.to, 6)
  t.is(decided(inputs({ ...surge, overrides: [{ ...cap, until: NOW }] })).verdict.outcome.to, 20)
})

test('a fixed limit counts before an order has carried it', t => {
  const surge = inputs({ windows: windows({ inFlightMilli: 64_000 }) })
  t.is(decided(surge, fresh({ ...settings, 'fixed-limit': null }, 'r1')).verdict.outcome.to, 20)
})

test('the algorithm that decides is callable by its name', t => {
  t.is(algorithms[ALGORITHM], decide)
})

test('a limit decision leaves the replicas as they are', t => {
  const { verdict, state } = decide('limit', SUBJECT, inputs(), known, settings, NOW)
  t.is(state.replicas, known.replicas)
  t.true(['raise', 'cut', 'probe', 'hold'].includes(verdict.outcome.action))
})

test("a new revision's limit is due at once", t => {
  const asked = (revision: string) =>
    due(known, settings, NOW + 1000, { decided: NOW, looked: NOW, revision }).limit
  t.false(asked('r1'))
  t.true(asked('r2'))
})

test('overrides of bounds that leave no limit: the upper one holds, and one order says so', t => {
  const overrides = [
    { what: 'limit-min', value: '50', who: 'ada', until: null },
    { what: 'limit-max', value: '20', who: 'bob', until: null },
  ]
  const seen = { ...inputs(), overrides }
  const effective = withOverrides(defaults, overrides)
  let state = fresh(defaults, 'r1')
  let orders = 0
  for (let second = 0; second < 60; second++) {
    const now = NOW + second * 1000
    if (!due(state, effective, now, { decided: now }).limit) continue
    const one = decide('limit', SUBJECT, seen, state, defaults, now)
    state = one.state
    const { order } = one.verdict.outcome
    if (order === null) continue
    orders++
    t.is(order.limit, 20)
    t.true((order.probe?.other ?? 20) <= 20)
  }
  t.is(orders, 1)
})
