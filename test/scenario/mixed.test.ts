import test from 'ava'
import type { Gate } from '../../simulate/path/gate.ts'
import type { Model } from '../../simulate/plants/model.ts'
import { makeModel } from '../../simulate/plants/make.ts'
import { readPlant } from '../../simulate/plants/spec.ts'
import { Random } from '../../simulate/random.ts'
import type { Played } from '../../simulate/result.ts'
import type { World } from '../../simulate/world.ts'
import { playWith, type Hands } from '../support/backstage.ts'

/** Replicas that differ: a slow one among others, nodes of two kinds, two revisions in a rollout. One limit for all. */

const cores = (count: number): object => ({
  model: { kind: 'cores', cores: count, work: { mean: '100ms', spread: 'lognormal', cv: 0.5 } },
})

const base = {
  plant: cores(4),
  traffic: { constant: { rate: 200 } },
  settings: { 'max-replicas': 40, 'latency-objective': '500ms', 'scale-down-window': '5m' },
  startUp: '10s',
  run: '240s',
  replicas: 8,
}

const turns = (values: readonly number[]): number =>
  values.filter((value, i) => i > 0 && value !== values[i - 1]).length
const bad = ({ totals }: Played): number => totals.bad / totals.offered
const story = ({ seconds: { limit, desired } }: Played): string =>
  limit
    .map((each, s) => `${s}:${each}/${desired[s]}`)
    .filter((_, s) => limit[s] !== limit[s - 1] || desired[s] !== desired[s - 1])
    .join(' ')

/** Plays it, and counts what each replica served in its first seconds. */
function served(scenario: object, first = Infinity): { run: Played; by: number[] } {
  const counts = new Map<string, number>()
  const seconds = new Map<string, number>()
  const run = playWith(scenario, {
    sample(sample) {
      if (sample.kind !== 'replica') return sample
      const lived = seconds.get(sample.replica) ?? 0
      seconds.set(sample.replica, lived + 1)
      const ok = lived < first ? sample.completed.ok : 0
      counts.set(sample.replica, (counts.get(sample.replica) ?? 0) + ok)
      return sample
    },
  })
  return {
    run,
    by: [...counts]
      .toSorted(([a], [b]) => Number(a.slice(1)) - Number(b.slice(1)))
      .map(([, n]) => n),
  }
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

test('a slow replica in four gets what it can carry, and neither limit nor count follow it', t => {
  const skewed = served({ ...base, plant: { ...cores(4), slow: { share: 0.25, factor: 3 } } })
  const slow = [skewed.by[1] ?? 0, skewed.by[5] ?? 0]
  const fast = skewed.by.filter((_, i) => i !== 1 && i !== 5)
  t.true(sum(slow) / 2 < (0.45 * sum(fast)) / fast.length, skewed.by.join(' '))
  t.true(bad(skewed.run) < 0.01, `${bad(skewed.run)}`)
  t.true((skewed.run.seconds.limit.at(-1) ?? 0) >= 4, story(skewed.run))
  t.true(turns(skewed.run.seconds.desired) <= 2, story(skewed.run))
  t.true((skewed.run.seconds.desired.at(-1) ?? 0) <= 10, story(skewed.run))
})

test('nodes of two speeds: each carries its share, and a surge is met between all fast and all slow', t => {
  const traffic = { step: { from: 60, to: 240, at: '60s' } }
  const mixed = {
    ...base,
    traffic,
    replicas: 4,
    plant: { ...cores(4), slow: { share: 0.5, factor: 2 } },
  }
  // Until the surge is met; later the first ones go.
  const { run, by } = served(mixed, 90)
  // The first and the third are slow: slow.share spreads them evenly.
  const [a = 0, b = 0, c = 0, d = 0] = by
  t.true(a + c < 0.6 * (b + d), by.join(' '))
  t.true(bad(run) < 0.15, `${bad(run)}`)
  const { desired } = run.seconds
  t.true(run.totals.directionChanges <= 3, story(run))
  // 24 cores' worth of work: 6 fast ones at full use, 12 slow ones; with room. More of them serve what had waited.
  t.true(Math.max(...desired) <= 32, story(run))
  const last = desired.at(-1) ?? 0
  t.true(last >= 8 && last <= 18, story(run))
})

const ROLLOUT = 120
const EACH = 15

/** A fleet of one revision until ROLLOUT; then each 15 s one of the old goes and one of the new comes. */
class Rollout implements Hands {
  /** Of the old revision. */
  readonly gates = new Set<Gate>()
  rolling = false
  /** Replica-seconds of the new revision under the newest order, by second. */
  readonly evidence: number[] = []
  /** Seconds in which there was evidence of both, each apart. */
  both = 0
  private readonly random = new Random(7)
  private readonly names = new Set<string>()
  private readonly cores: number

  constructor(to: number) {
    this.cores = to
  }

  readonly model = (): Model => {
    const checked = readPlant(cores(this.rolling ? this.cores : 10))
    if (!checked.ok) throw new Error('no plant')
    return makeModel(checked.value, 0, this.random.fork())
  }

  readonly before: NonNullable<Hands['before']> = (control, world, second) => {
    if (second < ROLLOUT) return
    if (second === ROLLOUT) {
      this.rolling = true
      for (const { name, gate } of world.pods) {
        this.names.add(name)
        this.gates.add(gate)
      }
      const { state } = control
      control.state = { ...state, revision: 'old', limit: { ...state.limit, revision: 'old' } }
    }
    if ((second - ROLLOUT) % EACH === 0) this.replace(world)
  }

  /** What the old ones measure is of the old revision. */
  readonly sample: NonNullable<Hands['sample']> = sample =>
    this.names.has(sample.replica) ? { ...sample, revision: 'old' } : sample

  /** An order is for one revision. */
  readonly reaches: NonNullable<Hands['reaches']> = sidecar => !this.gates.has(sidecar)

  readonly windows: NonNullable<Hands['windows']> = (windows, second) => {
    const folds = this.rolling ? (windows?.folds['r1'] ?? []) : []
    const newest = folds.filter(fold => fold.order.n === folds.at(-1)?.order.n)
    if (folds.length > 0 && (windows?.folds['old'] ?? []).length > 0) this.both++
    this.evidence[second] = newest.reduce((seconds, fold) => seconds + fold.seconds, 0)
    return windows
  }

  private replace(world: World): void {
    const old = world.pods.find(({ name, phase }) => this.names.has(name) && phase === 'ready')
    if (old === undefined) return
    const { desired } = world
    world.scale(desired - 1, [old.name])
    world.scale(desired)
  }
}

const rolled = {
  plant: cores(10),
  traffic: { constant: { rate: 250 } },
  settings: { 'max-replicas': 30, 'latency-objective': '400ms' },
  startUp: '10s',
  run: '360s',
  replicas: 5,
}

test('a rollout to an equal revision: the limit is kept, and nothing is added or lost for it', t => {
  const run = playWith(rolled, new Rollout(10))
  const { limit, desired } = run.seconds
  t.true(run.reasons.includes('new-revision'), run.reasons.join())
  t.true(
    limit.every((each, s) => s < ROLLOUT || each >= (limit[ROLLOUT - 1] ?? 0)),
    story(run),
  )
  t.true(Math.max(...desired) <= 7 && Math.min(...desired) >= 4, story(run))
  t.true(run.totals.lost / run.totals.offered < 0.01, `${run.totals.lost}`)
})

test('a rollout to a revision that carries less: the limit is cut on its own evidence, and replicas grow in that tick', t => {
  const hands = new Rollout(4)
  const run = playWith(rolled, hands)
  const { limit, desired } = run.seconds
  const before = limit[ROLLOUT - 2] ?? 0
  t.true(hands.both > EACH, `${hands.both}`)
  const cuts = limit.flatMap((each, s) => (s >= ROLLOUT && each < (limit[s - 1] ?? 0) ? [s] : []))
  t.true(cuts.length > 0, story(run))
  for (const cut of cuts)
    t.true((hands.evidence[cut + 1] ?? 0) > 0, `no evidence of its own at ${cut}`)
  t.true(
    cuts.some(cut => (desired[cut] ?? 0) > (desired[cut - 1] ?? 0)),
    story(run),
  )
  const last = limit.at(-1) ?? 0
  t.true(last >= 3 && last <= 14 && last < 2 * before, story(run))
  // Nothing goes before the limit has stood for a minute, and then bit by bit.
  const settled = limit.findLastIndex((each, s) => s > 0 && each !== limit[s - 1]) + 60
  t.true(
    desired.every((count, s) => s === 0 || s > settled || count >= (desired[s - 1] ?? 0)),
    story(run),
  )
  t.true(
    desired.every((count, s) => count >= 0.8 * (desired[s - 1] ?? 0)),
    story(run),
  )
  t.true(run.totals.lost / run.totals.offered < 0.03, `${run.totals.lost / run.totals.offered}`)
})
