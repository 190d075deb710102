import test from 'ava'
import { parse } from 'yaml'
import { defaults } from '../../../core/model/settings.ts'
import { scenarioFrom, type Scenario } from '../../../simulate/scenario/read.ts'

const read = (yaml: string): Scenario => scenarioFrom(parse(yaml))
const base = `
plant: { model: { kind: cores, cores: 1, work: { mean: 200ms } } }
traffic: { constant: { rate: 4 } }
run: 10m
`

test('what a file leaves out', t => {
  t.like(read(base), {
    name: null,
    about: null,
    plant: { model: { kind: 'cores', cores: 1, work: { mean: '200ms' } } },
    traffic: { constant: { rate: 4 } },
    clients: null,
    settings: defaults,
    replicas: 1,
    startUpUs: 20_000_000,
    startUpCv: 0,
    edges: 1,
    runUs: 600_000_000,
    seed: 1,
    policies: ['outrigger'],
    limiters: ['outrigger'],
    expect: {},
  })
})

test('everything that a file may say', t => {
  const scenario = read(`
name: step
about: A tenfold step on one core.
plant:
  model: { kind: cores, cores: 1, work: { mean: 200ms, spread: lognormal, cv: 0.5 } }
  classes: [1, 3]
traffic: { step: { from: 4, to: 40, at: 300s }, classes: [0.9, 0.1], repeat: 20m }
clients: { timeout: 5s, retries: { times: 3, after: 1s } }
settings: { max-replicas: 50, latency-objective: 500ms }
replicas: 2
startUp: 1500ms
startUpCv: 0.3
edges: 0
run: 20m
seed: 7
policies: [outrigger, hpa]
limiters: [outrigger, gradient2]
expect:
  outrigger:
    bad: [0, 0.04]
    replicasAt: { 320s: [18, 30], 19m: [18, 25] }
    firstUpAt: [300s, 310s]
    reasons: [demand, burst]
  hpa: { goodput: [0.2, 1], notReasons: [] }
`)
  t.is(scenario.settings['max-replicas'], 50)
  t.is(scenario.settings['latency-objective'], 500)
  t.deepEqual(scenario.clients, { timeout: '5s', retries: { times: 3, after: '1s' } })
  t.deepEqual([scenario.replicas, scenario.startUpUs, scenario.edges], [2, 1_500_000, 0])
  t.is(scenario.startUpCv, 0.3)
  t.deepEqual([scenario.runUs, scenario.seed], [1_200_000_000, 7])
  t.deepEqual(scenario.policies, ['outrigger', 'hpa'])
  t.deepEqual(scenario.limiters, ['outrigger', 'gradient2'])
  t.deepEqual(scenario.expect, {
    outrigger: {
      bad: [0, 0.04],
      replicasAt: [
        { second: 320, range: [18, 30] },
        { second: 1140, range: [18, 25] },
      ],
      firstUpAt: [300, 310],
      reasons: ['demand', 'burst'],
    },
    hpa: { goodput: [0.2, 1], notReasons: [], replicasAt: [] },
  })
})

test('expectations without a policy are those of outrigger', t => {
  const { expect } = read(`${base}expect: { lost: [0, 0], replicasAt: { 60s: [1, 2] } }`)
  t.deepEqual(expect, {
    outrigger: { lost: [0, 0], replicasAt: [{ second: 60, range: [1, 2] }] },
  })
})

const errors = (yaml: string): string[] => {
  try {
    read(yaml)
    return []
  } catch (error) {
    return (error as Error).message.split('\n')
  }
}

test('unknown keys and bad values, settings included, are one error, a sentence each', t => {
  const said = errors(`
plant: { model: { kind: cores, cores: 1, work: { mean: 200ms } }, colour: red }
trafic: {}
traffic: { constant: { rate: many } }
clients: { patience: 5s }
settings: { max-replica: 3, latency-objective: fast }
edges: 17
run: 1500ms
`)
  const places = said.map(words => words.slice(0, words.indexOf(':')))
  t.deepEqual(places, [
    'plant.colour',
    'traffic.constant.rate',
    'clients.patience',
    'edges',
    'run',
    'trafic',
    'settings.max-replica',
    'settings.latency-objective',
  ])
  t.regex(said.join('\n'), /max-replica: expected a known setting, did you mean max-replicas\?/)
  t.true(said.includes('run: expected a duration of whole seconds, at most 168h, got "1500ms"'))
})

test('nothing at all, and no mapping', t => {
  t.true(errors('').join().startsWith('the whole: expected a mapping, got null'))
  t.true(errors('[1]').join().startsWith('the whole: expected a mapping, got a list of 1'))
  t.deepEqual(
    errors('{}').map(words => words.split(':')[0]),
    ['plant', 'traffic', 'run'],
  )
})

test('expectations that are none', t => {
  const said = errors(`${base}expect:
  bad: [0.5, 0.1]
  lost: 0
  goodputs: [0, 1]
  firstUpAt: [300s, 10s]
  replicasAt: { 60: [1, 2] }
  reasons: [hunger]
`)
  const places = said.map(words => words.slice(0, words.indexOf(':')))
  t.deepEqual(places, [
    'expect.bad',
    'expect.lost',
    'expect.replicasAt.60',
    'expect.firstUpAt',
    'expect.reasons[0]',
    'expect.goodputs',
  ])
  t.true(
    said.includes(
      'expect.firstUpAt: expected [from, until], two durations of which the second is not less, got a list of 2',
    ),
  )
  t.true(errors(`${base}expect: { hpa: { badd: [0, 1] } }`)[0]?.startsWith('expect.hpa.badd'))
})

test('what does not fit the rest of the file', t => {
  t.deepEqual(
    errors(
      `${base}expect: { hpa: { bad: [0, 1] }, outrigger: { replicasAt: { 10m: [1, 2], 1500ms: [1, 2] } } }`,
    ),
    [
      'expect: expected policies of the scenario (outrigger), got "hpa"',
      'expect.replicasAt: expected a whole second before the end (600s), got 600s',
      'expect.replicasAt: expected a whole second before the end (600s), got 1.5s',
    ],
  )
  t.deepEqual(errors(base.replace('{ rate: 4 } }', '{ rate: 4 }, classes: [0.5, 0.5] }')), [
    "traffic.classes: expected at most the plant's classes (1), got 2",
  ])
  t.deepEqual(errors(`${base}settings: { min-replicas: 20 }`), [
    'settings.min-replicas: expected at most max-replicas (10), got 20',
  ])
})
