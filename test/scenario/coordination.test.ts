import test, { type ExecutionContext } from 'ava'
import type { Played } from '../../simulate/result.ts'
import { playWith } from '../support/backstage.ts'

/** A change of the limit and a decision about replicas never fight: the production deciders in virtual time. */

/** Whether replicas were decided, by second. */
interface Watched {
  run: Played
  decided: boolean[]
}

function watched(scenario: object, seed: number): Watched {
  const decided: boolean[] = []
  let last: number | null = null
  const run = playWith(
    scenario,
    {
      after(control) {
        decided.push(control['decided'] !== last)
        last = control['decided']
      },
    },
    seed,
  )
  return { run, decided }
}

/** Seconds at which it became more, or less. */
function changes(values: readonly number[], way: 1 | -1): number[] {
  return values.flatMap((value, second) => {
    const before = values[second - 1]
    return before !== undefined && way * (value - before) > 0 ? [second] : []
  })
}

/** Seconds in which the limit fell below the one that replicas were last decided for: they are short of it now. */
function cutsOf({ run, decided }: Watched, from = 0): number[] {
  const { limit } = run.seconds
  let known = limit[0] ?? 0
  return limit.flatMap((each, second) => {
    const cut = each < (limit[second - 1] ?? each) && each < known && second >= from
    if (decided[second]) known = each
    return cut ? [second] : []
  })
}

const story = ({ seconds: { limit, desired } }: Played): string =>
  limit
    .map((each, s) => `${s}:${each}/${desired[s]}`)
    .filter((_, s) => limit[s] !== limit[s - 1] || desired[s] !== desired[s - 1])
    .join(' ')

const SEEDS = [1, 2, 3]
/** s: setting learn-every, twice. */
const PROVEN = 60

/** Sixty at once, each as fast as one alone: the limit rises far, and fewer replicas would do. */
const waits = {
  plant: {
    model: {
      kind: 'cores',
      cores: 60,
      cpu: false,
      work: { mean: '200ms', spread: 'lognormal', cv: 0.5 },
    },
  },
  traffic: { constant: { rate: 100 } },
  // Its own window would hide what is to be seen.
  settings: { 'max-replicas': 30, 'latency-objective': '1s', 'scale-down-window': '10s' },
  startUp: '10s',
  run: '180s',
  replicas: 4,
}

for (const seed of SEEDS) {
  test(`a limit that rises under steady demand shrinks replicas only once it is proven, seed ${seed}`, t => {
    const { run } = watched(waits, seed)
    const { limit, desired } = run.seconds
    const raises = changes(limit, 1)
    const [first] = changes(desired, -1)
    t.true(raises.length >= 2, story(run))
    if (first === undefined) return t.fail(`nothing shrank: ${story(run)}`)
    for (const raise of raises.filter(each => each <= first)) {
      t.true(first - raise >= PROVEN, story(run))
    }
    // And then it does, without harm: the demand of 20 at once has room.
    t.true(first <= (raises.at(-1) ?? 0) + PROVEN + 30, story(run))
    t.true(run.reasons.includes('limit-unproven'), run.reasons.join())
    t.true((desired.at(-1) ?? 0) * (limit.at(-1) ?? 0) >= 20, story(run))
    t.deepEqual(changes(desired, 1), [], story(run))
    t.true(run.totals.bad / run.totals.offered < 0.02, `${run.totals.bad}`)
  })
}

/** Sixteen cores become three at 100 s: the limit is cut, and what is left of it needs more replicas. */
const shrinks = {
  plant: {
    model: {
      kind: 'cores',
      cores: { '0s': 16, '100s': 3 },
      work: { mean: '100ms', spread: 'lognormal', cv: 0.5 },
    },
  },
  traffic: { constant: { rate: 200 } },
  settings: { 'max-replicas': 30, 'latency-objective': '400ms', 'decide-every': '20s' },
  startUp: '10s',
  run: '240s',
  replicas: 4,
}

for (const seed of SEEDS) {
  test(`a limit that falls adds replicas in the same tick, seed ${seed}`, t => {
    const seen = watched(shrinks, seed)
    const { run, decided } = seen
    const { desired } = run.seconds
    const cuts = cutsOf(seen, 100)
    t.true(cuts.length > 0, story(run))
    // Replicas are decided each 20 s: it is no chance that they are in each of these seconds.
    for (const cut of cuts) t.true(decided[cut], `${cut}: ${story(run)}`)
    const grown = cuts.filter(cut => (desired[cut] ?? 0) > (desired[cut - 1] ?? 0))
    t.true(grown.length > 0, story(run))
    notFighting(t, run)
  })
}

/** Replicas never go within two ticks of having come, or the other way round. */
function notFighting(t: ExecutionContext, run: Played): void {
  const { desired } = run.seconds
  const [ups, downs] = [changes(desired, 1), changes(desired, -1)]
  for (const up of ups)
    t.false(
      downs.some(down => Math.abs(down - up) < 40),
      story(run),
    )
}

/** What a person sets: so many from the first second, `to` from 120 s on. */
function setTo(from: number, to: number): Watched {
  const decided: boolean[] = []
  let last: number | null = null
  const settings = { ...waits.settings, 'fixed-limit': from, 'decide-every': '20s' }
  const run = playWith(
    { ...waits, settings, replicas: 5, run: '260s' },
    {
      before(control, _, second) {
        if (second !== SET) return
        Reflect.set(control, 'settings', { ...control['settings'], 'fixed-limit': to })
      },
      after(control) {
        decided.push(control['decided'] !== last)
        last = control['decided']
      },
    },
  )
  return { run, decided }
}

const SET = 121

test('a limit that a person raises has to prove itself, too', t => {
  const { run } = setTo(8, 16)
  const [first = 0] = changes(run.seconds.desired, -1).filter(second => second > 30)
  t.is(run.seconds.limit[SET - 1], 16)
  t.true(first >= SET - 1 + PROVEN && first <= SET + PROVEN + 30, story(run))
})

test('a limit that a person lowers adds replicas in the same tick', t => {
  const { run, decided } = setTo(8, 4)
  const { desired } = run.seconds
  t.is(run.seconds.limit[SET - 1], 4)
  t.true(decided[SET - 1], story(run))
  t.true((desired[SET - 1] ?? 0) > (desired[SET - 2] ?? 0), story(run))
})

/** Whatever the model, under waves that take the limit up and down with them. */
const models: Record<string, object> = {
  cores: { kind: 'cores', cores: 4, work: { mean: '100ms', spread: 'lognormal', cv: 1 } },
  contention: {
    kind: 'usl',
    work: { mean: '50ms', spread: 'exponential' },
    sigma: 0.05,
    kappa: 0.002,
  },
  batches: { kind: 'batch', most: 16, fixed: '40ms', each: '2ms', cv: 0.2 },
  tokens: {
    kind: 'tokens',
    base: '10ms',
    each: '300us',
    prefill: 20_000,
    kv: 60_000,
    prompt: { mean: 400, spread: 'lognormal', cv: 1 },
    output: { mean: 60, spread: 'lognormal', cv: 0.8 },
  },
}

for (const [name, model] of Object.entries(models)) {
  test(`${name} under waves: nothing shrinks after a raise, and each cut is a tick of replicas`, t => {
    const wave = {
      plant: { model },
      traffic: { square: { low: 20, high: 120, period: '150s' } },
      settings: { 'max-replicas': 20, 'scale-down-window': '5s' },
      startUp: '10s',
      run: '450s',
      replicas: 2,
    }
    const seen = watched(wave, 1)
    const { run, decided } = seen
    const { limit, desired } = run.seconds
    const [raises, downs] = [changes(limit, 1), changes(desired, -1)]
    t.true(raises.length > 0 && downs.length > 0, story(run))
    for (const cut of cutsOf(seen)) t.true(decided[cut], `${cut}: ${story(run)}`)
    for (const down of downs) {
      t.false(
        raises.some(raise => raise <= down && down - raise < PROVEN),
        `${down}: ${story(run)}`,
      )
    }
  })
}
