import test from 'ava'
import fc from 'fast-check'
import { Random } from '../../../../simulate/random.ts'
import { limiterNamed, limiters } from '../../../../simulate/rivals/limiters/index.ts'
import type { Limiter } from '../../../../simulate/rivals/limiters/limiter.ts'
import { answer, MS, options, SECOND } from './support.ts'

test('the stand-ins: frozen, the least, the greatest, twice as much each 30 s', t => {
  const limits = (name: string): number[] => {
    const limiter = limiterNamed(name)(options({ first: 20, max: 100 }))
    return [0, 29, 30, 59, 60, 90, 91, 300].map(s => {
      limiter.ended(answer({ inFlight: limiter.limit, reached: true, ok: false }), s * SECOND)
      limiter.tick?.(s * SECOND, null)
      return limiter.limit
    })
  }
  t.deepEqual(limits('frozen'), [20, 20, 20, 20, 20, 20, 20, 20])
  t.deepEqual(limits('always-min'), [1, 1, 1, 1, 1, 1, 1, 1])
  t.deepEqual(limits('always-max'), [100, 100, 100, 100, 100, 100, 100, 100])
  t.deepEqual(limits('always-double'), [20, 20, 40, 40, 80, 100, 100, 100])
  t.deepEqual(limits('fixed-7'), [7, 7, 7, 7, 7, 7, 7, 7])
})

test('a name that stands for nothing is refused with those that do', t => {
  for (const name of ['fixed-0', 'fixed-', 'fixed-1.5', 'toString', 'vegas']) {
    t.throws(() => limiterNamed(name), {
      message: /^no limiter .*fixed-N or one of netflix-aimd, /,
    })
  }
})

/** Answers as chance has them, some of them slow, failed or at the limit: the limit after each. */
function play(limiter: Limiter, seed: number, count: number): number[] {
  const chance = new Random(seed)
  let nowUs = 0
  let nextUs = SECOND
  return Array.from({ length: count }, () => {
    nowUs += Math.floor(chance.exponential(2 * MS))
    for (; nextUs <= nowUs; nextUs += SECOND) limiter.tick?.(nextUs, null)
    const rttUs = Math.floor(chance.lognormal(50 * MS, 2))
    const inFlight = 1 + chance.below(limiter.limit)
    limiter.ended(
      { rttUs, inFlight, ok: chance.below(50) > 0, reached: chance.below(2) > 0 },
      nowUs,
    )
    return limiter.limit
  })
}

for (const name of Object.keys(limiters)) {
  const make = (first: number, max: number): Limiter =>
    limiterNamed(name)(options({ first, max, objectiveUs: 100 * MS, random: new Random(7) }))

  test(`${name}: whatever comes, a whole number from 1 to the greatest`, t => {
    const seldom = fc.record({
      rttUs: fc.oneof(fc.constantFrom(0, 1, 99, 60 * SECOND), fc.integer({ min: 1, max: SECOND })),
      inFlight: fc.integer({ min: 1, max: 60 }),
      ok: fc.boolean(),
      reached: fc.boolean(),
      waitUs: fc.constantFrom(0, 50, 10 * MS, SECOND),
      times: fc.integer({ min: 1, max: 100 }),
    })
    t.notThrows(() =>
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 40 }),
          fc.array(seldom, { maxLength: 30 }),
          (first, all) => {
            const limiter = make(first, 40)
            let nowUs = 0
            for (const { waitUs, times, ...one } of all) {
              for (let i = 0; i < times; i++) {
                nowUs += waitUs
                limiter.ended(one, nowUs)
                if (!(Number.isInteger(limiter.limit) && limiter.limit >= 1 && limiter.limit <= 40))
                  return false
              }
              limiter.tick?.(nowUs, null)
            }
            return Number.isInteger(limiter.limit) && limiter.limit >= 1 && limiter.limit <= 40
          },
        ),
        { numRuns: 30 },
      ),
    )
  })

  test(`${name}: the same answers and the same chance give the same limits`, t => {
    const limits = play(make(20, 200), 3, 20_000)
    t.deepEqual(play(make(20, 200), 3, 20_000), limits)
    if (!/^(frozen|always-m)/.test(name)) t.true(new Set(limits).size > 1)
  })
}
