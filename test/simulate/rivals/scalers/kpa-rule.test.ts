import test from 'ava'
import { KPA_DEFAULTS, KpaRule } from '../../../../simulate/rivals/scalers/kpa-rule.ts'

// Numbers: Knative Serving, pkg/autoscaler/scaling/autoscaler_test.go; the names are theirs.
const NOW = 1_000_000
const TESTED = { maxScaleUpRate: 10, maxScaleDownRate: 10 }

function rule(
  target: number,
  burst: number,
  given: Partial<ConstructorParameters<typeof KpaRule>[0]> = {},
  ready = 1,
): KpaRule {
  const terms = {
    ...KPA_DEFAULTS,
    ...TESTED,
    targetValue: target,
    totalValue: target / 0.75,
    targetBurstCapacity: burst,
    ...given,
  }
  return new KpaRule(terms, ready, NOW)
}

const excess = (target: number, burst: number, panic: number, ready: number): number =>
  Math.floor((target / 0.75) * ready - burst - panic)

test('one look (TestAutoscalerScale and others)', t => {
  const rows: [
    string,
    KpaRule,
    { stable: number; panic: number; ready: number },
    number,
    number,
  ][] = [
    ['NoData', rule(10, 100), { stable: 0, panic: 0, ready: 1 }, 0, excess(10, 100, 0, 1)],
    ['UnlimitedTBC', rule(181, -1), { stable: 21, panic: 26, ready: 1 }, 1, -1],
    ['0TBC', rule(10, 0), { stable: 50, panic: 49, ready: 1 }, 5, 0],
    ['NoChange', rule(10, 100), { stable: 50, panic: 50, ready: 1 }, 5, excess(10, 100, 50, 1)],
    [
      'NoChangeAlreadyScaled',
      rule(10, 100),
      { stable: 50, panic: 50, ready: 5 },
      5,
      excess(10, 100, 50, 5),
    ],
    [
      'IncreaseWithSmallScaleUpRate',
      rule(1, 1982, { maxScaleUpRate: 1.1 }),
      { stable: 3, panic: 3.1, ready: 2 },
      3,
      excess(1, 1982, 3.1, 2),
    ],
    [
      'DecreaseWithSmallScaleDownRate',
      rule(10, 1982, { maxScaleDownRate: 1.1 }),
      { stable: 1, panic: 1, ready: 100 },
      90,
      excess(10, 1982, 1, 100),
    ],
    ['PanicDouble', rule(10, 84), { stable: 50, panic: 100, ready: 1 }, 10, excess(10, 84, 100, 1)],
    ['UseOnePod', rule(10, 81), { stable: 1000, panic: 888, ready: 0 }, 10, -969],
  ]
  for (const [name, of, observed, pods, burst] of rows) {
    t.deepEqual(of.scale(observed, NOW), { pods, excess: burst }, name)
  }
})

test('UnpanicAfterSlowIncrease', t => {
  const of = rule(1, 98)
  t.is(of.scale({ stable: 11, panic: 25, ready: 10 }, NOW).pods, 25)
  t.true(of.panics)
  t.is(of.scale({ stable: 30, panic: 41, ready: 40 }, NOW + 30_000).pods, 41)
  t.is(of.scale({ stable: 50, panic: 56, ready: 55 }, NOW + 62_000).pods, 50)
  t.false(of.panics)
})

test('ExtendPanicWindow: over the threshold again, panic begins anew', t => {
  const of = rule(1, 98)
  of.scale({ stable: 11, panic: 25, ready: 10 }, NOW)
  t.is(of.scale({ stable: 30, panic: 80, ready: 40 }, NOW + 30_000).pods, 80)
  of.scale({ stable: 1, panic: 1, ready: 40 }, NOW + 90_000)
  t.true(of.panics)
  of.scale({ stable: 1, panic: 1, ready: 40 }, NOW + 90_001)
  t.false(of.panics)
})

test('PanicThenUnPanicScaleDown: never down in panic', t => {
  const of = rule(10, 93)
  t.is(of.scale({ stable: 100, panic: 100, ready: 1 }, NOW).pods, 10)
  t.is(of.scale({ stable: 100, panic: 1000, ready: 10 }, NOW).pods, 100)
  t.is(of.scale({ stable: 1, panic: 1, ready: 10 }, NOW + 30_000).pods, 100)
  t.is(of.scale({ stable: 1, panic: 1, ready: 10 }, NOW + 61_000).pods, 1)
})

test('PanicStableLargerThanPanic: in panic the larger of the two windows counts', t => {
  const of = rule(1, 100, {}, 5)
  t.true(of.panics)
  t.is(of.scale({ stable: 50, panic: 30, ready: 5 }, NOW).pods, 50)
})

test('StartInPanicMode: with more than one pod it begins in panic, and keeps them', t => {
  t.false(rule(100, 11, { panicThreshold: 220 }, 1).panics)
  const two = rule(100, 11, { panicThreshold: 220 }, 2)
  t.true(two.panics)
  t.is(two.scale({ stable: 1, panic: 1, ready: 2 }, NOW).pods, 2)
})

test('PanicModeExponentialTrackAndStabilize', t => {
  const of = rule(1, 101)
  const seen = [6, 36, 216, 1296, 1296]
  for (const [i, now] of seen.entries()) {
    const ready = seen[i - 1] ?? 1
    t.is(of.scale({ stable: now, panic: now, ready }, NOW + i * 1000).pods, now)
  }
})

test('RateLimitScaleUp, RateLimitScaleDown: a tenfold at most, each way', t => {
  const up = rule(10, 61)
  t.is(up.scale({ stable: 1000, panic: 1001, ready: 1 }, NOW).pods, 10)
  t.is(up.scale({ stable: 1000, panic: 1001, ready: 10 }, NOW).pods, 100)
  const down = rule(10, 61)
  t.is(down.scale({ stable: 1, panic: 1, ready: 100 }, NOW).pods, 10)
  t.is(down.scale({ stable: 1, panic: 1, ready: 10 }, NOW).pods, 1)
})

test('ScaleDownDelay: 5 min, simple and gradual', t => {
  const of = rule(10, 0, { panicThreshold: 100, scaleDownDelayMs: 300_000 })
  const at = (concurrency: number, seconds: number): number =>
    of.scale({ stable: concurrency, panic: concurrency, ready: 1 }, seconds * 1000).pods
  t.is(at(40, 2), 4)
  t.is(at(0, 300), 4)
  t.is(at(0, 302), 0)
  t.is(at(40, 540), 4)
  t.is(at(30, 600), 4)
  t.is(at(0, 660), 4)
  t.is(at(0, 840), 3)
  t.is(at(0, 900), 0)
})

test('ActivationScale: the least that is started', t => {
  const of = rule(10, 75, { activationScale: 2 })
  t.is(of.scale({ stable: 0, panic: 0, ready: 1 }, NOW).pods, 0)
  t.is(of.scale({ stable: 1, panic: 0, ready: 1 }, NOW).pods, 2)
})
