import test from 'ava'
import { Ledger } from '../../simulate/ledger.ts'
import { Patience } from '../../simulate/patience.ts'
import { makeModel } from '../../simulate/plants/make.ts'
import { Random } from '../../simulate/random.ts'
import { server } from '../../simulate/rivals/fronts/server.ts'
import { Service } from '../../simulate/rivals/fronts/service.ts'
import { World } from '../../simulate/world.ts'

const SECOND = 1_000_000

/** One request at the beginning, of so many seconds; pods start within 5 s. */
function worldOf(requestS: number): World {
  let nextUs = 0
  return new World({
    arrivals: {
      get nextUs() {
        return nextUs
      },
      kind: 0,
      take: () => {
        nextUs = Infinity
      },
    },
    patience: new Patience({ timeoutUs: Infinity, againUs: () => null }),
    front: new Service('random', new Random(1)),
    ledger: new Ledger(100, SECOND),
    gate: () => server(1),
    model: index =>
      makeModel(
        { model: { kind: 'cores', cores: 1, work: { mean: `${requestS}s` } } },
        index,
        new Random(1),
      ),
    startUpUs: () => 5 * SECOND,
    unreadyUs: () => 0,
    limit: () => 1,
  })
}

test('who leaves is paid for until its last request has ended: 3 s at least, 30 s at most', t => {
  const paid = (requestS: number): number => {
    const world = worldOf(requestS)
    world.begin(1)
    world.until(SECOND)
    world.scale(0)
    world.until(100 * SECOND)
    t.is(world.pods.length, 0)
    return world.paidSeconds()
  }
  t.is(paid(0.1), 4)
  t.is(paid(12), 12)
  t.is(paid(60), 31)
})

test('who has not served yet leaves at once', t => {
  const world = worldOf(1)
  world.begin(1)
  world.scale(3)
  world.until(2 * SECOND)
  world.scale(1)
  t.is(world.pods.length, 1)
  t.is(world.paidSeconds(), 2 + 2 * 2)
})
