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

/** Sixteen cores become six at 100 s: the limit is cut, and what is left of it needs more replicas. */
const shrinks = {
  plant: {
    model: {
      kind: 'cores',
      cores: { '0s': 16, '100s': 6 },
      work: { mean: '100ms', spread: 'lognormal', cv: 0.5 },
    },
  },
  traffic: { constant: { rate: 200 } },
  settings: { 'max-replicas': 30, 'latency-objective': '400ms', 'decide-every': '20s' },
  startUp: '10s',
  run: '240s',
  replicas: 2,
}

for (const seed of SEEDS) {
  test(`a limit that falls adds replicas in the same tick, seed ${seed}`, t => {
    const { run, decided } = watched(shrinks, seed)
    const { limit, desired } = run.seconds
    const cuts = changes(limit, -1).filter(second => second >= 100)
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
