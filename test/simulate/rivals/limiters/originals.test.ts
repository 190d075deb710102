import test from 'ava'
import { Random } from '../../../../simulate/random.ts'
import { limiterNamed } from '../../../../simulate/rivals/limiters/index.ts'
import { options } from './support.ts'
import { trace } from './trace.ts'

/**
 * What the originals' own code gave for the same 30,000 answers, from 20 within 1 (Envoy 3, bRPC 4) and
 * 200, with chance at one half: the sum of the limits after each 2,500 answers. Netflix, failsafe-go and
 * bRPC ran as they are; Envoy's methods with an exact quantile and without statistics; Vector's two functions
 * without their locks.
 */
const ORIGINAL: Readonly<Record<string, readonly number[]>> = {
  'netflix-aimd': [
    52492, 197883, 390342, 402500, 68887, 198217, 3067, 125464, 127500, 141341, 387009, 402500,
  ],
  'netflix-vegas': [
    37247, 21376, 19180, 20930, 18935, 17117, 2518, 21076, 20796, 21065, 19556, 19388,
  ],
  'netflix-gradient2': [
    50000, 64237, 77500, 89806, 110000, 85511, 60000, 38362, 28669, 46166, 59189, 36257,
  ],
  'envoy-p50': [
    420290, 387142, 88360, 344550, 497008, 367226, 500000, 435432, 500000, 500000, 500000, 500000,
  ],
  'envoy-p90': [
    420772, 323022, 59516, 354586, 500000, 326231, 499505, 399286, 500000, 500000, 500000, 499701,
  ],
  'vector-arc': [
    34255, 81584, 85124, 61799, 21615, 74130, 34536, 51230, 40937, 42807, 54140, 58060,
  ],
  'failsafe-go': [
    57163, 72837, 75000, 93848, 123130, 122471, 110000, 101704, 116952, 138877, 155811, 140773,
  ],
  brpc: [38550, 35796, 184047, 198381, 65307, 50672, 17475, 42142, 229826, 132285, 128603, 159123],
}

class Half extends Random {
  override uniform(): number {
    return 0.5
  }
}

const answers = trace()

for (const [name, wanted] of Object.entries(ORIGINAL)) {
  test(`${name}: limits as its original gave them`, t => {
    const limiter = limiterNamed(name)(options({ first: 20, max: 200, random: new Half(1) }))
    const sums = wanted.map(() => 0)
    answers.forEach(({ nowUs, ...answer }, i) => {
      limiter.ended(answer, nowUs)
      sums[Math.floor(i / 2_500)] = (sums[Math.floor(i / 2_500)] ?? 0) + limiter.limit
    })
    t.deepEqual(sums, [...wanted])
  })
}
