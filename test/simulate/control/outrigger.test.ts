import test from 'ava'
import { defaults } from '../../../core/model/settings.ts'
import { Outrigger } from '../../../simulate/control/outrigger.ts'
import { Ledger } from '../../../simulate/ledger.ts'
import { Edges } from '../../../simulate/path/edges.ts'
import { Sidecar } from '../../../simulate/path/sidecar.ts'
import { Patience } from '../../../simulate/patience.ts'
import { makeModel } from '../../../simulate/plants/make.ts'
import { Random } from '../../../simulate/random.ts'
import { arrivalsOf } from '../../../simulate/traffic/generate.ts'
import { World } from '../../../simulate/world.ts'

const SECOND = 1_000_000

/** Told at once to hold seven; sidecars begin with two. Four replicas are there, and two more are to come. */
const settings = { ...defaults, 'fixed-limit': 7, 'min-replicas': 6, 'max-replicas': 8 }

function began() {
  const control = new Outrigger(settings, true)
  const before = { limit: 2, queueUs: SECOND, objectiveUs: null }
  const model = { kind: 'cores', cores: 8, work: { mean: '100ms' } } as const
  const world = new World({
    arrivals: arrivalsOf({ constant: { rate: 20 } }, { random: new Random(1), untilUs: 1e9 }),
    patience: new Patience({ timeoutUs: Infinity, againUs: () => null }),
    front: new Edges(1, control.terms, new Random(2)),
    ledger: new Ledger(100, SECOND),
    gate: (name, nowUs) => new Sidecar(name, before, true, nowUs),
    model: index => makeModel({ model }, index, new Random(index)),
    startUpUs: () => 4 * SECOND,
    unreadyUs: () => 0,
    limit: () => control.limit,
  })
  world.begin(4)
  return { world, control }
}

/** Plays seconds; `look` is called after each tenth. */
function play(
  { world, control }: ReturnType<typeof began>,
  seconds: number,
  look: (now: number) => void,
): void {
  const from = Math.round(world.nowUs / SECOND)
  for (let second = from; second < from + seconds; second++) {
    for (let tenth = 0; tenth < 10; tenth++) {
      world.until(second * SECOND + tenth * 100_000 + 50_000)
      control.tenth(world, tenth)
      look(second + tenth / 10)
    }
    world.until((second + 1) * SECOND)
    control.second(world)
  }
}

test('each replica has its seconds at its own moment, and an order is in force from its next one on', t => {
  const run = began()
  const since = new Map<string, number>()
  play(run, 5, now => {
    for (const { name, index, gate } of run.world.pods) {
      const inForce = gate instanceof Sidecar && gate.effective === 7
      if (index < 4 && inForce && !since.has(name)) since.set(name, now)
    }
  })
  t.is(since.size, 4)
  const times = [...since.values()]
  t.is(new Set(times).size, 4, times.join())
  t.true(Math.max(...times) - Math.min(...times) < 1, times.join())
})

test('a replica that starts has its sidecar before its model: the order is in force when it is ready', t => {
  const run = began()
  const first = new Set<number>()
  play(run, 12, () => {
    for (const { phase, index, gate } of run.world.pods)
      if (phase === 'ready' && index >= 4 && gate instanceof Sidecar) first.add(gate.effective)
  })
  t.deepEqual([...first], [7])
})
