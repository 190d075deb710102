import test from 'ava'
import { Ledger } from '../../../simulate/ledger.ts'
import { Patience } from '../../../simulate/patience.ts'
import type { Ended, Model } from '../../../simulate/plants/model.ts'
import { Random } from '../../../simulate/random.ts'
import { policies, type PolicyName } from '../../../simulate/rivals/index.ts'
import type { Second } from '../../../simulate/rivals/scalers/scaler.ts'
import { World } from '../../../simulate/world.ts'

const SECOND = 1_000_000

/** Each request takes 200 ms, however many there are. */
class Steady implements Model {
  private readonly running: { id: number; endsUs: number }[] = []
  private busy = 0

  start(id: number, _kind: number, nowUs: number): void {
    this.running.push({ id, endsUs: nowUs + 200_000 })
    this.busy += 200_000
  }
  nextUs(): number {
    return this.running[0]?.endsUs ?? Infinity
  }
  end(nowUs: number): Ended[] {
    const ended: Ended[] = []
    while ((this.running[0]?.endsUs ?? Infinity) <= nowUs) {
      const first = this.running.shift()
      if (first !== undefined) ended.push({ id: first.id, ok: true, tokens: 0 })
    }
    return ended
  }
  downUntilUs(): null {
    return null
  }
  measure() {
    const us = this.busy
    this.busy = 0
    const none = { memoryPermille: null, gpuPermille: null, engine: null, tokensOut: null }
    return { cpu: { us, quota: 2000 }, ...none }
  }
}

/** So many a second, for so many seconds. */
function steps(rates: readonly number[], every: number) {
  let at = 0
  let nextUs = 0
  const advance = (): void => {
    const rate = rates[Math.floor(nextUs / SECOND / every)]
    nextUs = rate === undefined ? Infinity : nextUs + Math.round(SECOND / rate)
    if (nextUs >= rates.length * every * SECOND) nextUs = Infinity
  }
  return {
    get nextUs() {
      return nextUs
    },
    kind: 0,
    take() {
      at++
      advance()
    },
    get taken() {
      return at
    },
  }
}

/** One policy in a world: a surge to ten times the load, and back. Gives what became of it, and the most pods. */
function play(name: PolicyName) {
  const random = new Random(7)
  const made = policies[name]({
    limit: 2,
    min: 1,
    max: 30,
    service: 'random',
    random: random.fork(),
  })
  const ledger = new Ledger(1000, SECOND)
  const world = new World({
    arrivals: steps([4, 40, 4, 4], 150),
    patience: new Patience({ timeoutUs: 30 * SECOND, againUs: () => null }),
    front: made.front,
    ledger,
    gate: () => made.gate(),
    model: () => new Steady(),
    startUpUs: () => 10 * SECOND,
    unreadyUs: () => 2 * SECOND,
    limit: () => 2,
  })
  world.begin(1)
  let most = 1
  for (let s = 1; s <= 1000; s++) {
    world.until(s * SECOND)
    const to = made.scaler.second(look(world))
    if (to !== null && to !== world.desired) world.scale(to)
    most = Math.max(most, world.desired)
  }
  return { totals: ledger.totals(0), most, last: world.desired }
}

function look({ nowUs, desired, pods, front }: World): Second {
  const seen = pods.map(pod => {
    const { cpu } = pod.model.measure(nowUs)
    return {
      name: pod.name,
      createdMs: pod.createdUs / 1000,
      readyMs: pod.runs ? pod.readyAtUs / 1000 : null,
      ready: pod.phase === 'ready',
      leaving: pod.phase === 'leaving',
      cpu,
      ...pod.second(nowUs),
    }
  })
  const present = seen.reduce((sum, { presentIntegral }) => sum + presentIntegral, 0)
  const { waiting } = front
  return {
    atMs: nowUs / 1000,
    desired,
    pods: seen,
    front: {
      arrived: 0,
      waitingIntegral: waiting * SECOND,
      waitingEnd: waiting,
      passedIntegral: present,
    },
  }
}

for (const name of Object.keys(policies) as PolicyName[]) {
  test(`${name}: every request is answered or lost, once`, t => {
    const { totals, most, last } = play(name)
    t.is(totals.offered, 4 * 150 + 40 * 150 + 4 * 300)
    t.is(totals.answered + totals.lost, totals.offered)
    // 8 are in flight at 40/s: 4 pods of 2 at least.
    if (name === 'static') t.is(most, 1)
    else {
      t.true(most >= 4, String(most))
      t.true(last <= most / 2, String(last))
    }
  })
}
