import test from 'ava'
import { Random } from '../../../../simulate/random.ts'
import { Proxied } from '../../../../simulate/rivals/fronts/proxied.ts'
import { Kpa, type KpaOptions } from '../../../../simulate/rivals/scalers/kpa.ts'
import type { PodSecond, Second } from '../../../../simulate/rivals/scalers/scaler.ts'
import { pods, seen } from './seen.ts'

const SECOND = 1_000_000

function made(given: Partial<KpaOptions> = {}): { kpa: Kpa; proxied: Proxied } {
  const proxied = new Proxied()
  const kpa = new Kpa({
    min: 1,
    max: 1000,
    containerConcurrency: 10,
    proxied,
    random: new Random(1),
    ...given,
  })
  return { kpa, proxied }
}

/** Seconds `from` to `to`: what each pod holds; gives the last count asked for. */
function run(
  kpa: Kpa,
  from: number,
  to: number,
  of: readonly PodSecond[],
  front: Partial<Second['front']> = {},
): number | null {
  let last: number | null = null
  for (let s = from; s <= to; s++) last = kpa.second(seen(s * 1000, of, { front })) ?? last
  return last
}

test('a tick each 2 s: mean in flight over 70 % of containerConcurrency', t => {
  const { kpa } = made()
  const one = pods(1, { presentIntegral: 20 * SECOND })
  t.is(kpa.second(seen(1000, one)), null)
  // 20 / 7.
  t.is(kpa.second(seen(2000, one)), 3)
  t.is(kpa.second(seen(3000, one)), null)
})

test('without containerConcurrency 70 of 100 are aimed for', t => {
  const { kpa } = made({ containerConcurrency: 0 })
  t.is(run(kpa, 1, 2, pods(1, { presentIntegral: 141 * SECOND })), 3)
})

test('the target is a share of containerConcurrency', t => {
  const { kpa } = made({ target: 40 })
  t.is(run(kpa, 1, 2, pods(1, { presentIntegral: 20 * SECOND })), 5)
})

test('6 s of a surge count in panic, and it ends 60 s after', t => {
  const { kpa } = made()
  const two = (each: number): PodSecond[] => pods(2, { presentIntegral: each * SECOND })
  t.is(run(kpa, 1, 120, two(3)), 1)
  // 28 in 2 pods where 7 are meant: twice what there is. The panic window is full after 6 s.
  t.is(run(kpa, 121, 126, two(14)), 4)
  t.is(run(kpa, 127, 130, two(30)), 8)
  // Down again in both windows only once nothing has been over the threshold for 60 s.
  t.is(run(kpa, 131, 180, two(3)), 8)
  t.is(run(kpa, 181, 260, two(3)), 1)
})

test('bounds are kept', t => {
  const { kpa } = made({ min: 2, max: 5 })
  t.is(run(kpa, 1, 2, pods(1, { presentIntegral: 900 * SECOND })), 5)
  const idle = made({ min: 2, max: 5 })
  t.is(run(idle.kpa, 1, 2, pods(1)), 2)
})

// autoscaler.go: floor(ready x total - burst - panic) >= 0 takes the activator out of the way.
test('the activator is in the way while spare capacity is below the burst of 211', t => {
  const { kpa, proxied } = made()
  t.true(proxied.through)
  run(kpa, 1, 2, pods(21))
  t.true(proxied.through, '210 - 211')
  const more = made()
  run(more.kpa, 1, 2, pods(22))
  t.false(more.proxied.through, '220 - 211')
  run(more.kpa, 3, 60, pods(22, { presentIntegral: 0.5 * SECOND }))
  t.true(more.proxied.through, '220 - 211 - 11')
})

test('what waits and what went by way of the activator counts once', t => {
  const { kpa, proxied } = made()
  for (let i = 0; i < 20; i++) proxied.move(1, 0)
  // 20 in the pod, all of them by way of the activator, and 15 that wait: 35 / 7.
  const one = pods(1, { presentIntegral: 20 * SECOND })
  t.is(run(kpa, 1, 2, one, { waitingIntegral: 15 * SECOND }), 5)
})

test('who starts, leaves or has crashed is neither asked nor counted', t => {
  const { kpa } = made()
  const there = [
    ...pods(1, { presentIntegral: 7 * SECOND }),
    ...pods(3, { presentIntegral: 70 * SECOND, leaving: true }),
    ...pods(3, { readyMs: null, ready: false }),
    ...pods(3, { presentIntegral: 70 * SECOND, ready: false }),
  ]
  t.is(run(kpa, 1, 2, there), 1)
})

test('a scale-down delay of 300 s keeps the highest', t => {
  const { kpa } = made({ terms: { scaleDownDelayMs: 300_000, panicThreshold: 100 } })
  const one = (each: number): PodSecond[] => pods(1, { presentIntegral: each * SECOND })
  t.is(run(kpa, 1, 70, one(70)), 10)
  t.is(run(kpa, 71, 370, one(7)), 10)
  t.is(run(kpa, 371, 440, one(7)), 1)
})

test('to zero: idle for the stable window, then 30 s behind the activator; from zero at once', t => {
  const { kpa, proxied } = made({ min: 0, terms: { targetBurstCapacity: 0 } })
  run(kpa, 1, 100, pods(1, { presentIntegral: SECOND }))
  t.false(proxied.through)
  t.is(run(kpa, 101, 159, pods(1)), 1)
  t.is(run(kpa, 160, 189, pods(1)), null)
  t.true(proxied.through)
  t.is(run(kpa, 190, 190, pods(1)), 0)
  t.is(run(kpa, 191, 200, []), 0)
  t.is(kpa.second(seen(201_000, [], { front: { waitingIntegral: 1000, waitingEnd: 1 } })), 1)
})
