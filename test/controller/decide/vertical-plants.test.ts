import test from 'ava'
import { always, learner, oracle, score, settingsWith, type Score } from '../../support/learner.ts'
import { type Controller, type Plant } from '../../support/plant.ts'
import { plants } from '../../support/plants.ts'

const SPAN = { seconds: 240, from: 120 }
const bests = new Map<Plant, number>()

function best(plant: Plant): number {
  const known = bests.get(plant) ?? oracle(plant, 60, 5)
  bests.set(plant, known)
  return known
}

function judge(plant: Plant, control: Controller, seed = 1): Score {
  return score(plant, control, best(plant), { ...SPAN, seed })
}

/** What a learner must reach on a plant: a share of the oracle, and 90 % of it within 120 s. */
function good(s: Score, share: number): boolean {
  return s.ratio >= share && s.within !== null && s.within <= 120
}

function aimed(plant: Plant, first = 4): Controller {
  const settings = { 'latency-objective': plant.objectiveMs, 'first-limit': first }
  return learner(settingsWith(settings))
}

const withObjective: [keyof typeof plants, number][] = [
  ['core', 0.95],
  ['cores8', 0.95],
  ['agent', 0.95],
  ['batch', 0.95],
  ['bimodal', 0.85],
]
for (const [name, share] of withObjective) {
  const plant: Plant = plants[name]
  test(`with an objective: ${plant.name}`, t => {
    for (const first of [1, 5, 50]) {
      for (const replicas of [1, 2]) {
        const each = { ...plant, replicas }
        const s = score(each, aimed(each, first), best(plant) * replicas, { ...SPAN, seed: 1 })
        t.true(good(s, share), `first ${first}, replicas ${replicas}: ${JSON.stringify(s)}`)
      }
    }
  })
}

const without: [keyof typeof plants, number][] = [
  ['core', 0.9],
  ['cores8', 0.9],
  ['agent', 0.9],
  ['batch', 0.9],
  ['bimodal', 0.75],
]
for (const [name, share] of without) {
  const plant: Plant = plants[name]
  test(`without an objective, judged by a hidden one: ${plant.name}`, t => {
    for (const seed of [1, 2]) {
      const s = judge(plant, learner(settingsWith({})), seed)
      t.true(good(s, share), `seed ${seed}: ${JSON.stringify(s)}`)
    }
  })
}

test('the limit fits the model class', t => {
  const core = judge(plants.core, aimed(plants.core))
  const agent = judge(plants.agent, aimed(plants.agent))
  t.true(core.limit <= 4)
  t.true(agent.limit >= 20 * core.limit)
  t.true(judge(plants.batch, aimed(plants.batch, 1)).limit > 16, 'flat at 1 to 3, not stuck there')
  t.true(judge(plants.batch, learner(settingsWith({ 'first-limit': 1 }))).limit > 16)
})

test('stand-ins that learn nothing fail the same check', t => {
  for (const [who, limit] of [
    ['Frozen', 4],
    ['AlwaysMin', 1],
    ['AlwaysMax', 1000],
  ] as const) {
    const passed = withObjective.filter(([name, share]) =>
      good(judge(plants[name], always(limit, plants[name])), share),
    )
    t.true(passed.length < withObjective.length / 2, `${who} passed ${passed.join(' ')}`)
  }
})

test('low traffic teaches nothing: the limit holds', t => {
  const orders: number[] = []
  const settings = settingsWith({ 'latency-objective': plants.quiet.objectiveMs })
  const control = learner(settings, v => v.outcome.order !== null && orders.push(v.outcome.to))
  judge(plants.quiet, control)
  t.deepEqual(orders, [4])
})

test('half the load neither raises nor lowers what was learned; a surge is followed', t => {
  const half: Plant = { ...plants.agent, rate: () => 200 }
  const settings = settingsWith({ 'latency-objective': half.objectiveMs })
  const s = score(half, learner(settings), 200, { ...SPAN, seed: 1 })
  t.true(s.ratio > 0.97 && s.limit > 90 && s.limit < 300, JSON.stringify(s))
  const surge: Plant = { ...plants.agent, rate: second => (second < 120 ? 5 : 500) }
  const after = score(surge, learner(settings), 400, { seconds: 400, from: 200, seed: 1 })
  t.true(after.ratio > 0.9 && after.within !== null && after.within < 240, JSON.stringify(after))
})

test('long requests take no slots and are learned from one order to the next', t => {
  const plant = plants.slow
  const settings = settingsWith({ 'latency-objective': plant.objectiveMs })
  let probes = 0
  const control = learner(settings, v => {
    if (v.outcome.order?.probe != null && (v.state.service?.meanUs ?? 0) > 5e6) {
      probes++
    }
  })
  // 24 at once, 8 s each, two replicas: six a second.
  const s = score(plant, control, 6, { seconds: 900, from: 300, seed: 1 })
  t.is(probes, 0)
  t.true(s.ratio > 0.85, JSON.stringify(s))
})
