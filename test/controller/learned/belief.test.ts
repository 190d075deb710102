import test from 'ava'
import { defaults, type Settings } from '../../../core/model/settings.ts'
import { freshLimit, type LimitState } from '../../../controller/decide/vertical.ts'
import { beliefOf, type Belief } from '../../../controller/learned/belief.ts'
import { believedIn } from '../../../controller/learned/in-log.ts'
import type { Notes } from '../../../controller/learned/notebook.ts'
import { logDirOf } from '../../../controller/journal.ts'
import { bench } from '../support/hour.ts'
import { Fleet } from '../support/fleet.ts'
import { folder } from '../support/folder.ts'

const NOW = 1_800_000_000_000
const order = {
  limit: 12,
  objectiveUs: 250_000,
  probe: null,
  latePermille: 100,
  queueUs: 125_000,
  n: 7,
}

function believed(
  state: Partial<LimitState>,
  notes: Partial<Notes> = {},
  settings: Partial<Settings> = {},
): Belief {
  const known = {
    endpoint: 'local/a',
    revision: 'r1',
    state: { ...freshLimit(defaults, 'r1'), limit: 12, order, orderAt: NOW - 5000, ...state },
    settings: { ...defaults, ...settings },
    notes: { revision: 'r1', tried: [], judged: null, reasons: [], ...notes },
    windows: null,
    now: NOW,
  }
  return beliefOf(known)
}

const slope = (slopeMilli: number, errorMilli: number): Notes['judged'] => ({
  at: NOW - 65_000,
  limit: 12,
  to: slopeMilli > 400 ? 14 : 12,
  rule: 'slope',
  numbers: { slopeMilli, errorMilli },
  reasons: [{ code: 'flat', numbers: { limit: 12 } }],
})

/** Whole sentences, each of which says something. */
function said(
  t: { regex(text: string, like: RegExp): void; notRegex: typeof t.regex },
  of: Belief,
): string {
  const text = of.sentences.join('\n')
  t.notRegex(text, /NaN|undefined|null|\{|\}/)
  for (const sentence of of.sentences) t.regex(sentence, /^[A-Z][^]*\.$/)
  return text
}

test('cold: what is found so far, and what it waits for', t => {
  const judged = { at: NOW, limit: 6, to: 12, rule: 'double', numbers: {}, reasons: [] }
  const gathering = { code: 'gathering', numbers: { completions: 12, needed: 20, seconds: 2 } }
  const state = { phase: 'cold' as const, elasticity: { mean: 0.8, variance: 0.01 } }
  const text = said(t, believed(state, { judged, reasons: [gathering] }))
  t.regex(text, /One replica may hold 12 requests. That is still being found/)
  t.regex(
    text,
    /grows by 0.8 % with each percent of limit \(standard error 0.1 %\): more still brings more/,
  )
  t.regex(text, /Next: judged as soon as enough answers have come under 12/)
  t.regex(text, /What holds it: too little evidence yet: 12 answers of 20 in 2 s/)
  const flat = { ...state, elasticity: { mean: 0.05, variance: 0.01 } }
  t.regex(said(t, believed(flat, { judged })), /more brings hardly more/)
})

test('steady: the slope, how sure it is, and whether that is a difference', t => {
  const steady = { phase: 'steady' as const }
  t.regex(
    said(t, believed(steady, { judged: slope(100, 200) })),
    /Judged at 07:58:55 UTC: ten percent above 12 would be worth \+0.953 %, give or take 1.91 % \(slope 0.1, standard error 0.2, from 0 comparisons\): no clear difference\. So the limit stayed\./,
  )
  t.regex(
    said(t, believed(steady, { judged: slope(500, 200) })),
    /: more is better\. So the limit went to 14\./,
  )
  t.regex(said(t, believed(steady, { judged: slope(-500, 200) })), /: fewer are better\./)
  t.like(believed(steady, { judged: slope(500, 200) }), {
    slope: { slope: 0.5, error: 0.2, limit: 12 },
  })
  t.regex(said(t, believed(steady)), /No evidence has been judged yet/)
})

test('what is tried next: slots, a trial of long requests, or a rest', t => {
  const steady = { phase: 'steady' as const, planSeconds: 12 }
  const probe = { other: 15, slotSeconds: 3, settleSeconds: 1 }
  const slots = believed({ ...steady, order: { ...order, probe } })
  t.like(slots, { other: 15, judgedAt: NOW + 7000 })
  t.regex(
    said(t, slots),
    /12 and 15 take turns of 3 s, the first 1 s of each left out; they are compared at 08:00:07 UTC/,
  )
  t.regex(said(t, slots), /Why above: neighbours are tried in turn/)
  const run = believed({ ...steady, run: 2, order: { ...order, probe } })
  t.regex(said(t, run), /Why above: more was better the last time/)
  const fewer = believed({
    ...steady,
    run: -1,
    order: { ...order, probe: { ...probe, other: 10 } },
  })
  t.regex(said(t, fewer), /Why below: fewer were better the last time/)
  const trial = believed({ ...steady, order: { ...order, limit: 15 } })
  t.regex(said(t, trial), /15 is tried on all replicas/)
  t.regex(said(t, believed({ ...steady, skip: 3 })), /showed no difference, so it rests/)
})

test('what holds it: reasons of the newest decision, a limit that tripped the guard, people', t => {
  const app = { code: 'app-limited', numbers: { boundPermille: 20 } }
  const held = believed(
    { phase: 'steady', bad: { limit: 15, until: NOW + 60_000, times: 0 } },
    { reasons: [app, { code: 'flat', numbers: { limit: 12 } }] },
  )
  t.deepEqual(held.holds, ['app-limited'])
  t.regex(said(t, held), /the limit was reached only 2 % of the time/)
  t.regex(said(t, held), /At 15 too many answers were late: not tried again before 08:01:00 UTC/)
  const fixed = believed({}, {}, { 'fixed-limit': 9 })
  t.is(fixed.limit, 9)
  t.regex(said(t, fixed), /The limit is fixed at 9 requests a replica/)
  t.notRegex(said(t, fixed), /Next:/)
})

test('the objective is said with where it comes from', t => {
  t.regex(said(t, believed({}, {}, { 'latency-objective': 250 })), /within 250 ms: setting/)
  t.regex(said(t, believed({ derivedUs: 480_000 })), /No objective was given: 480 ms, four times/)
  t.regex(said(t, believed({})), /none is derived yet/)
})

test('where concurrency hardly varied it says so, and gives no law', t => {
  const tried = [10, 11, 12, 13].map(limit => {
    const about = { tokens: false, bound: 0.9, answers: 400, seconds: 10, at: NOW, variance: 0.001 }
    return { limit, n: limit, x: 40, ...about }
  })
  const belief = believed({}, { tried })
  t.is(belief.curve.law, null)
  t.regex(said(t, belief), /not enough spread, the requests in flight hardly varied \(10 to 13\)/)
  const wide = tried.map((each, i) => ({
    ...each,
    n: [1, 4, 8, 16][i] ?? 0,
    x: [10, 31, 47, 64][i] ?? 0,
  }))
  t.regex(
    said(t, believed({}, { tried: wide })),
    /lambda 10(\.\d+)? answers a second for one alone/,
  )
  t.regex(said(t, believed({})), /No throughput was measured yet/)
})

test('what was learned is kept by revision, and a restart believes the same', async t => {
  const stateDir = folder(t)
  const fleet = new Fleet('local/busy', 1, () => 60)
  const first = await bench(stateDir, [fleet])
  await first.run(240)
  const before = first.belief('local/busy')
  await first.close()
  t.true((before?.curve.tried.length ?? 0) > 2, JSON.stringify(before?.curve.tried))
  t.not(before?.phase, undefined)
  const again = await bench(stateDir, [fleet], { from: before?.at ?? 0 })
  await again.run(1)
  const after = again.belief('local/busy')
  await again.close()
  for (const name of [
    'revision',
    'phase',
    'limit',
    'slope',
    'elasticity',
    'objectiveUs',
  ] as const) {
    t.deepEqual(after?.[name], before?.[name], name)
  }
  t.deepEqual(
    after?.curve.tried.map(({ limit }) => limit),
    before?.curve.tried.map(({ limit }) => limit),
  )
  const read = await believedIn(logDirOf(stateDir), 'local/busy')
  t.is(read?.limit, before?.limit)
  t.is(await believedIn(logDirOf(stateDir), 'local/nobody'), null)
})
