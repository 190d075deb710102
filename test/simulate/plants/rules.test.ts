import test from 'ava'
import fc from 'fast-check'
import { drawnPlant } from '../../../simulate/plants/drawn.ts'
import { makeModel } from '../../../simulate/plants/make.ts'
import { Random } from '../../../simulate/random.ts'
import { drive, type Past } from './drive.ts'

/** Plants of all kinds with all that may befall them, requests at any times, looks in between. */
const seed = fc.nat(100_000)
const gaps = fc.array(fc.oneof(fc.constant(0), fc.nat(1000), fc.nat(3_000_000)), { maxLength: 80 })

const play = (plantSeed: number, times: readonly number[]): { past: Past[]; seen: unknown[] } => {
  const { plant } = drawnPlant(plantSeed)
  const model = makeModel(plant, 0, new Random(plantSeed))
  let next = 0
  const seen: unknown[] = []
  const gap = (now: number): number => {
    seen.push(model.measure(now), model.downUntilUs(now))
    return times[next++] ?? Infinity
  }
  // Ten days are enough for whatever was given.
  const { past, open } = drive(model, { untilUs: 864e9, gap, kind: () => next % 2 })
  if (open > 0) throw new Error(`${open} never ended`)
  return { past, seen }
}

test('each request ends once, after its start; the next time is never in the past', t => {
  fc.assert(
    fc.property(seed, gaps, (plantSeed, times) => {
      const { past } = play(plantSeed, times)
      t.is(new Set(past.map(({ id }) => id)).size, times.length)
      t.true(past.every(p => p.endedUs >= p.startedUs))
    }),
    { numRuns: 400 },
  )
})

test('what is measured is whole and within its bounds', t => {
  const whole = (value: number | null | undefined, most: number): boolean =>
    value == null || (Number.isInteger(value) && value >= 0 && value <= most)
  fc.assert(
    fc.property(seed, gaps, (plantSeed, times) => {
      for (const each of play(plantSeed, times).seen) {
        if (each === null || typeof each === 'number') continue
        const { cpu, memoryPermille, gpuPermille, engine, tokensOut } = each as ReturnType<
          ReturnType<typeof makeModel>['measure']
        >
        t.true(whole(cpu?.us, 1e15) && whole(cpu?.quota, 1e6))
        t.true(whole(memoryPermille, 1000) && whole(gpuPermille, 1000))
        t.true(whole(engine?.running, 1e6) && whole(engine?.waiting, 1e6))
        t.true(whole(engine?.kvPermille, 1000) && whole(tokensOut, 1e9))
      }
    }),
    { numRuns: 100 },
  )
})

test('the same seed gives the same, another one another', t => {
  const times = Array.from({ length: 60 }, (_, i) => (i * 7919) % 200_000)
  for (let plantSeed = 0; plantSeed < 40; plantSeed++)
    t.deepEqual(play(plantSeed, times), play(plantSeed, times))
  const ends = (chance: number): number[] => {
    const model = makeModel(
      { model: { kind: 'cores', cores: 2, work: { mean: '10ms', spread: 'uniform' } } },
      0,
      new Random(chance),
    )
    let left = 9
    const gap = (): number => (left-- > 0 ? 1000 : Infinity)
    return drive(model, { untilUs: 1e9, gap }).past.map(({ endedUs }) => endedUs)
  }
  t.notDeepEqual(ends(1), ends(2))
})
