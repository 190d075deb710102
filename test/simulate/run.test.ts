import test, { type ExecutionContext } from 'ava'
import { play, type Choice } from '../../simulate/run.ts'
import { scenarioFrom } from '../../simulate/scenario/read.ts'

const base = {
  plant: {
    model: { kind: 'cores', cores: 4, work: { mean: '100ms', spread: 'lognormal', cv: 0.5 } },
  },
  traffic: { step: { from: 30, to: 150, at: '60s' } },
  settings: { 'latency-objective': '400ms', 'max-replicas': 20 },
  startUp: '10s',
  run: '240s',
  replicas: 1,
  limit: 4,
}

function played(more: object, choice: Partial<Choice> = {}) {
  const scenario = scenarioFrom({ ...base, ...more })
  return play(scenario, { policy: 'outrigger', limiter: 'outrigger', seed: 1, ...choice })
}

/** Each request ends once: well, or lost, unless the run ended before it did. */
function accounted(t: ExecutionContext, run: ReturnType<typeof played>): void {
  const { offered, answered, lost, bad } = run.totals
  const { inFlight, waiting } = run.seconds
  const left = (inFlight.at(-1) ?? 0) + (waiting.at(-1) ?? 0)
  t.is(offered - answered - lost, left, JSON.stringify(run.totals))
  t.true(bad >= lost)
  t.true(answered > 0)
}

test('Outrigger adapts: more replicas for more traffic, a limit near what four cores carry', t => {
  const run = played({})
  accounted(t, run)
  t.is(run.seconds.desired[59], 1)
  t.true((run.seconds.desired[120] ?? 0) >= 4, `${run.seconds.desired[120]}`)
  t.true((run.seconds.limit.at(-1) ?? 0) >= 4)
  t.true(run.totals.lost / run.totals.offered < 0.1)
  // 10 s to start: nobody new is ready at once.
  t.is(run.seconds.ready[65], 1)
})

test('the same scenario, choice and seed play the same; another seed plays another', t => {
  const short = { run: '90s' }
  t.deepEqual(played(short), played(short))
  t.notDeepEqual(played(short), played(short, { seed: 2 }))
})

for (const edges of [0, 1, 3]) {
  test(`with ${edges} edges every request ends once`, t => accounted(t, played({ edges })))
}

for (const policy of ['hpa-cpu', 'hpa-concurrency', 'kpa', 'kpa-300', 'keda', 'static']) {
  test(`policy ${policy}: every request ends once, and replicas stay within bounds`, t => {
    const run = played({}, { policy })
    accounted(t, run)
    t.true(Math.max(...run.seconds.desired) <= 20)
    t.true(Math.min(...run.seconds.desired) >= 1)
    t.true(run.totals.replicaSeconds >= 240)
  })
}

test('behind a balancer that takes the emptier of two, fewer wait than behind kube-proxy, in front of anybody', t => {
  const steady = { replicas: 12, settings: { ...base.settings, 'min-replicas': 12 }, limit: 4 }
  const traffic = { constant: { rate: 300 } }
  for (const [policy, more] of [
    ['hpa-concurrency', {}],
    ['keda', {}],
    ['outrigger', { edges: 0 }],
  ] as const) {
    const bad = (service: string): number =>
      played({ ...steady, traffic, run: '60s', service, ...more }, { policy }).totals.bad
    t.true(bad('two') < bad('random') / 3, `${policy} ${bad('two')} ${bad('random')}`)
  }
})

test('a rival limiter limits: with a fixed limit no more are in flight than it says', t => {
  const run = played({}, { policy: 'static', limiter: 'fixed-3' })
  accounted(t, run)
  t.is(Math.max(...run.seconds.inFlight), 3)
})

test('clients that retry and give up are served or lost once each', t => {
  const clients = { timeout: '1s', retries: { times: 3, after: '500ms' } }
  const traffic = { levels: { points: { '0s': 30, '60s': 150, '120s': 0 } } }
  const run = { clients, traffic, run: '160s' }
  accounted(t, played(run))
  accounted(t, played({ ...run, edges: 0 }))
  const collapsed = played(run, { policy: 'hpa-cpu' })
  accounted(t, collapsed)
  // Servers that work on for clients who have left, and clients that come again: Outrigger turns away early instead.
  t.true(collapsed.totals.lost > 2 * played(run).totals.lost)
})

test('a pod that is killed with a long line before it loses each of them once', t => {
  const slow = { model: { kind: 'cores', cores: 1, work: { mean: '40s' } } }
  const levels = { points: { '0s': 1, '10s': 400, '20s': 0 } }
  const run = played(
    {
      plant: slow,
      traffic: { levels },
      limit: 1,
      run: '300s',
      settings: { 'max-replicas': 2 },
      startUp: '1s',
    },
    { policy: 'hpa-concurrency' },
  )
  accounted(t, run)
  t.true(run.totals.lost > 1000)
})

test('crashes lose what was in flight, and what a dead model draws until it is ejected', t => {
  const plant = {
    ...base.plant,
    crashes: { from: '60s', until: '120s', every: '25s', restart: '5s' },
  }
  const run = played({
    plant,
    traffic: { constant: { rate: 60 } },
    replicas: 4,
    settings: { ...base.settings, 'min-replicas': 4 },
  })
  accounted(t, run)
  t.true(run.totals.lost > 0)
  // Nine crashes, two seconds each at most.
  t.true(run.totals.lost < 9 * 2 * 60, `${run.totals.lost}`)
})

test('until a dead model is known to be one its proxy answers errors; an edge is told that nothing was sent', t => {
  const plant = {
    ...base.plant,
    crashes: { from: '60s', until: '120s', every: '100s', restart: '25s' },
  }
  const lost = (more: object): number => {
    const settings = { ...base.settings, 'min-replicas': 4, 'fixed-limit': 4 }
    const traffic = { constant: { rate: 60 } }
    const run = played({ plant, traffic, replicas: 4, settings, run: '200s', ...more })
    accounted(t, run)
    return run.totals.lost
  }
  const [known = NaN, soon = NaN, late = NaN] = ['0s', '2s', '20s'].map(unready =>
    lost({ unready, edges: 0 }),
  )
  t.true(known > 0 && known < soon && soon < late, `${[known, soon, late].join()}`)
  // What it had in flight when it died, and hardly one more.
  t.true(lost({ unready: '20s' }) <= known + 2)
})

test('a worker of a plain server is busy with what nobody waits for any more, where the model does not notice', t => {
  const of = (stops: boolean) => {
    const model = { kind: 'cores', cores: 2, work: { mean: '400ms', spread: 'exponential' }, stops }
    const settings = { 'max-replicas': 1 }
    const traffic = { levels: { points: { '0s': 8, '110s': 0 } } }
    const clients = { timeout: '500ms' }
    const run = played(
      { plant: { model }, traffic, clients, settings, limit: 2, run: '120s' },
      { policy: 'hpa-cpu' },
    )
    accounted(t, run)
    return run
  }
  const [stops, works] = [of(true), of(false)]
  t.true(works.totals.answered < 0.8 * stops.totals.answered)
  t.is(Math.max(...works.seconds.inFlight), 2)
})

test('a scale-to-zero endpoint wakes up for its first request, which the edge has held', t => {
  const run = played({
    replicas: 0,
    traffic: { levels: { points: { '0s': 0, '60s': 20 } } },
    settings: { ...base.settings, 'min-replicas': 0, 'scale-to-zero': true },
  })
  accounted(t, run)
  t.is(run.seconds.desired[50], 0)
  t.true((run.seconds.desired[65] ?? 0) >= 1)
})

test('what Outrigger decides on is a second old at the least, and half as much more in the mean', t => {
  const settings = { 'fixed-limit': 4, 'max-replicas': 20 }
  const traffic = { levels: { points: { '0s': 10, '30s': 150 } } }
  const scenario = scenarioFrom({ ...base, settings, traffic, run: '42s' })
  const delays = Array.from({ length: 15 }, (_, i) => {
    const lateUs = Math.round((i / 3) * 1e6)
    const choice = { policy: 'outrigger', limiter: 'outrigger', seed: i, lateUs }
    const { desired } = play(scenario, choice).seconds
    // What is noted for a second was decided at its end.
    return desired.findIndex(count => count > 1) + 1 - 30 - lateUs / 1e6
  })
  t.true(Math.min(...delays) >= 1, delays.join())
  t.true(Math.max(...delays) <= 8, delays.join())
})

test('at which second an autoscaler looks is drawn by the seed', t => {
  const ups = [1, 2, 3, 4, 5, 6].map(seed => {
    const { desired } = played({ run: '120s' }, { policy: 'hpa-cpu', seed }).seconds
    return desired.findIndex(count => count > 1)
  })
  t.true(new Set(ups.map(second => second % 15)).size >= 3, ups.join())
})

test('a name that is none is an error that says which there are', t => {
  t.throws(() => played({}, { policy: 'kaa' }), { message: /kaa.*kpa/ })
  t.throws(() => played({}, { policy: 'static', limiter: 'vegaz' }), { message: /vegaz.*vegas/ })
  t.throws(() => played({}, { policy: 'kpa', limiter: 'brpc' }), { message: /static/ })
})

test('replicas that are there from the beginning took as long to start as others: growth is met ahead', t => {
  const ramp = { ramp: { from: 30, to: 300, at: '60s', over: '180s' } }
  const settings = { ...base.settings, 'fixed-limit': 4 }
  const run = played({ traffic: ramp, startUp: '40s', replicas: 2, run: '120s', settings })
  t.true(run.reasons.includes('trend'), run.reasons.join())
})
