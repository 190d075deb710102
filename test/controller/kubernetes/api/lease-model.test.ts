import test from 'ava'
import { World, type Candidate } from './election.ts'

const path = '/apis/coordination.k8s.io/v1/namespaces/system/leases/leader'

/** Clocks that differ by at most this much keep 10 s of one below 15 s of another. */
const SLOWEST = 0.85
const FASTEST = 1.15

for (let seed = 1; seed <= 12; seed++) {
  test(`never two that believe, and one in the end (seed ${seed})`, async t => {
    const world = new World(seed)
    const { uniform } = world
    const cut = new Set<Candidate>()
    /** Epoch -> who raised it. */
    const epochs = new Map<number, string>()
    let electedOnes = 0
    world.weather = { dropped: 0.05, unanswered: 0.05, late: 0.05, cutOff: one => cut.has(one) }
    const add = (): void => void world.add(SLOWEST + uniform() * (FASTEST - SLOWEST))
    for (let i = 0; i < 4; i++) add()

    const raise = (candidate: Candidate): void => {
      const epoch = candidate.lease.epoch + 1
      candidate.lease.raiseEpoch(epoch).then(
        () => {
          t.false(epochs.has(epoch), `epoch ${epoch} was raised twice`)
          epochs.set(epoch, candidate.identity)
        },
        () => undefined,
      )
    }
    const check = (): void => {
      const believers = world.candidates.filter(one => one.believes())
      if (believers.length > 1)
        t.fail(`${believers.map(one => one.identity).join(' and ')} believe at ${world.now}`)
      for (const candidate of world.candidates) {
        if (candidate.lost !== null) {
          world.kill(candidate)
          world.after(uniform() * 5000, add)
        } else if (candidate.elected) {
          candidate.elected = false
          electedOnes++
          raise(candidate)
        }
      }
    }
    const chaos = (): void => {
      const candidate = world.candidates[Math.floor(uniform() * world.candidates.length)]
      const what = uniform()
      if (candidate === undefined) return
      if (what < 0.35) candidate.frozenUntil = world.now + uniform() * 40_000
      else if (what < 0.6) {
        cut.add(candidate)
        world.after(uniform() * 40_000, () => cut.delete(candidate))
      } else if (what < 0.7) {
        world.kill(candidate)
        world.after(uniform() * 5000, add)
      } else if (what < 0.8) {
        void candidate.lease.release().then(() => world.kill(candidate))
        world.after(uniform() * 5000, add)
      } else {
        // A person annotates it.
        const kept = world.store.get(path)
        if (kept === null) return
        const annotations = { ...kept.metadata.annotations, note: String(uniform()) }
        world.store.put(path, { ...kept, metadata: { ...kept.metadata, annotations } })
      }
    }
    for (let i = 0; i < 120; i++) {
      await world.run(uniform() * 10_000, check)
      chaos()
    }
    cut.clear()
    for (const candidate of world.candidates) candidate.frozenUntil = 0
    world.weather = { dropped: 0, unanswered: 0, late: 0, cutOff: () => false }
    await world.run(90_000, check)
    t.is(world.candidates.filter(one => one.believes()).length, 1)
    t.true(electedOnes > 5, `only ${electedOnes} were elected`)
    t.true(epochs.size > 5)
  })
}

test('clocks further apart than that are what it can not bear: the model can see two', async t => {
  const world = new World(1)
  world.add(0.6)
  await world.run(5000)
  const slow = world.candidates[0] as Candidate
  world.weather = { dropped: 0, unanswered: 0, late: 0, cutOff: one => one === slow }
  world.add(1.6)
  let two = false
  await world.run(30_000, () => {
    two ||= world.candidates.filter(one => one.believes()).length > 1
  })
  t.true(two)
})
