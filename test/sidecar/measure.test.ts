import { mock } from 'node:test'
import test from 'ava'
import { REST_SECONDS, restingSecond } from '../../core/model/rest.ts'
import { sample as schema, type Sample } from '../../core/model/sample.ts'
import { check } from '../../core/model/schema.ts'
import { Admission } from '../../sidecar/admit/admission.ts'
import { gate } from '../../sidecar/gate.ts'
import { measure, seconds, type MeasureOptions } from '../../sidecar/measure.ts'

test('a second holds what each source says of it, in whole units, and nothing of the one before', t => {
  let now = 0
  const clock = { us: () => now, now: () => 1_000_000 + Math.floor(now / 1000) }
  const admission = new Admission({ limit: 2, queueUs: 1e6, objectiveUs: 100_000 }, 0, 0)
  const guard = gate(admission, clock)
  const made: Sample[] = []
  const lateness: number[] = []
  const looks: boolean[] = []
  const sampler = seconds({
    identity: { endpoint: 'local/a', revision: 'r', replica: 'a-1', boot: 'b' },
    clock,
    admission,
    gate: guard,
    draining: () => now > 1_500_000,
    resting: () => now > 1_500_000,
    resources: {
      read: () => ({ cpu: { us: 5, quota: 1000 }, memory: { bytes: 7, limit: null } }),
    },
    self: {
      read(lateUs) {
        lateness.push(lateUs)
        return { cpuUs: 1, rss: 2, delayUs: lateUs }
      },
    },
    gpu: null,
    engine: {
      tick: (_nowMs, resting) => looks.push(resting),
      ask: () => ({}),
      heard: () => undefined,
      read: () => ({
        engine: { kind: 'vllm', running: 1, waiting: 0, kv: 10, preemptions: 0 },
        gpu: { util: 5, memoryBytes: 1, memoryLimit: null },
        tokens: { in: 3, out: 4 },
      }),
      close: () => undefined,
    },
    direct: { tick: () => Promise.resolve(), last: nowMs => (nowMs > 1500 ? 3 : null) },
    causes: () => [],
    restful: () => true,
    made: one => made.push(one),
    rested: () => t.fail('nothing rests here'),
  })
  const { ticket } = guard.enter(now, { edge: false, patienceUs: null })
  now = 400_000
  guard.finish(ticket, { kind: 'ok', serviceUs: 400_000 })
  now = 1_000_000
  sampler.end(now, 12)
  now = 2_000_500
  sampler.end(now, 0)
  for (const one of made) t.deepEqual(check(schema, one), { ok: true, value: one })
  const [first, second] = made
  t.like(first, {
    seq: 0,
    start: 1_000_000,
    us: 1_000_000,
    offered: 1,
    late: 1,
    completed: { ok: 1, client: 0, server: 0 },
    occupancy: [
      [0, 600_000, 0, 0],
      [1, 400_000, 1, 0],
    ],
    tokens: { in: 3, out: 4 },
    cpu: { us: 5, quota: 1000 },
    gpu: { util: 5, memoryBytes: 1, memoryLimit: null },
  })
  t.false('draining' in (first ?? {}))
  t.like(second, {
    seq: 1,
    start: 1_001_000,
    us: 1_000_500,
    draining: true,
    offered: 0,
    late: 0,
  })
  t.is(second?.service.count, 0)
  t.false('direct' in (first ?? {}))
  t.is(second?.direct, 3)
  t.deepEqual(lateness, [12, 0])
  t.deepEqual(looks, [false, true], 'whether nobody uses the model is told with each look')
})

/** A replica that nobody uses but where told so, in time that passes as told; CPU is used as `cpuUs` says. */
function world() {
  const now = { us: 0, resting: true, restful: true, draining: false, cpuUs: 0 }
  const clock = { us: () => now.us, now: () => 1_000_000 + Math.floor(now.us / 1000) }
  const admission = new Admission({ limit: 2, queueUs: 1e6, objectiveUs: null }, 0, 0)
  const guard = gate(admission, clock)
  const made: Sample[] = []
  const rested: Sample[] = []
  let ownUs = 0
  const options: MeasureOptions = {
    identity: { endpoint: 'local/a', revision: 'r', replica: 'a-1', boot: 'b' },
    clock,
    admission,
    gate: guard,
    draining: () => now.draining,
    resting: () => now.resting,
    restful: () => now.restful,
    resources: {
      read() {
        const us = now.cpuUs
        now.cpuUs = 0
        return { cpu: { us, quota: 1000 }, memory: { bytes: 7, limit: null } }
      },
    },
    self: {
      read(lateUs) {
        const cpuUs = now.us - ownUs
        ownUs = now.us
        return { cpuUs, rss: 2, delayUs: lateUs }
      },
    },
    gpu: null,
    engine: {
      tick: () => undefined,
      ask: () => ({}),
      heard: () => undefined,
      read: () => ({ engine: null, gpu: null, tokens: null }),
      close: () => undefined,
    },
    direct: null,
    causes: () => [],
    made: one => made.push(one),
    rested: one => rested.push(one),
  }
  /** One request, from now on for so long. */
  const request = (us: number): void => {
    const { ticket } = guard.enter(now.us, { edge: false, patienceUs: null })
    now.us += us
    guard.finish(ticket, { kind: 'ok', serviceUs: us })
  }
  return { now, options, admission, made, rested, request }
}

const numbers = (samples: readonly Sample[]): number[] => samples.map(({ seq }) => seq)

test('at rest one sample in ten is made, and the seconds between are as it says', t => {
  const { now, options, made, rested } = world()
  const sampler = seconds(options)
  const due: number[] = []
  for (now.us = 1_000_000; now.us < 42_000_000;) {
    const left = sampler.end(now.us, 0)
    due.push(left)
    // A timer is never early, and here 3 ms late.
    now.us = Math.floor(now.us / 1_000_000) * 1_000_000 + (left + 1) * 1_000_000 + 3000
  }
  t.deepEqual(due, [9, 9, 9, 9, 9])
  t.deepEqual(numbers(made), [0, 10, 20, 30, 40])
  t.deepEqual(
    numbers(rested),
    [...Array(40).keys()].map(n => n + 1 + Math.floor(n / 9)).slice(0, 36),
  )
  for (const one of [...made, ...rested]) t.deepEqual(check(schema, one), { ok: true, value: one })
  t.deepEqual(rested[8], restingSecond(made[0] as Sample, 9))
  // All time is in one second or another, and all of our own CPU.
  const sum = (of: (one: Sample) => number): number =>
    [...made, ...rested].reduce((total, one) => total + of(one), 0)
  t.is(
    sum(({ us }) => us),
    41_003_000,
  )
  t.is(
    sum(({ self }) => self.cpuUs),
    41_003_000,
  )
  const starts = [...made, ...rested].toSorted((a, b) => a.seq - b.seq).map(({ start }) => start)
  t.true(starts.every((start, i) => i === 0 || Math.abs(start - (starts[i - 1] ?? 0) - 1000) <= 3))
})

test('what is woken for is in the second that it came in, and none of it in those before', t => {
  const { now, options, made, rested, request } = world()
  const sampler = seconds(options)
  now.us = 1_000_000
  now.cpuUs = 1000
  t.is(sampler.end(now.us, 0), REST_SECONDS)
  now.us = 5_400_000
  t.is(sampler.wake(now.us), 5_000_000)
  t.deepEqual(numbers(rested), [1, 2, 3, 4])
  now.resting = false
  now.cpuUs = 304_000
  request(200_000)
  // Late by more than a second: it is none of rest.
  now.us = 7_600_000
  sampler.catchUp(now.us)
  t.is(sampler.end(now.us, 0), 0)
  t.deepEqual(numbers(made), [0, 5])
  t.like(made[1], { start: 1_005_000, us: 2_600_000, offered: 1, completed: { ok: 1 } })
  t.is(made[1]?.cpu?.us, 300_000, 'what was not told of the seconds before')
  t.is(rested.length, 4)
})

test("the model's CPU at rest is told as its mean; one that does more is looked at each second", t => {
  const { now, options, made } = world()
  const sampler = seconds(options)
  const end = (cpuUs: number, afterS: number): number => {
    now.us += afterS * 1_000_000
    now.cpuUs = cpuUs
    return sampler.end(now.us, 0)
  }
  t.deepEqual(
    [end(2000, 1), end(40_000, 10), end(3_000_000, 10), end(60_000, 1), end(50_000, 1)],
    [9, 9, 0, 0, 9],
  )
  t.deepEqual(
    made.map(({ cpu }) => cpu?.us),
    [2000, 4000, 3_000_000 - 9 * 4000, 60_000, 50_000],
  )
})

test('it does not rest while somebody reads who knows no rest, while it drains, or while the limit moves', t => {
  const { now, options, admission } = world()
  const sampler = seconds(options)
  const end = (changes: Partial<typeof now> = {}): number => {
    Object.assign(now, { resting: true, restful: true, draining: false }, changes)
    now.us += 1_000_000
    return sampler.end(now.us, 0)
  }
  t.is(end({ restful: false }), 0)
  t.is(end({ draining: true }), 0)
  t.is(end({ resting: false }), 0)
  const order = {
    v: 1 as const,
    endpoint: 'local/a',
    revision: 'r',
    limit: 3,
    objectiveUs: null,
    probe: null,
    latePermille: 50,
    queueUs: 1e6,
    epoch: 1,
    n: 1,
    decision: 'd',
    issued: 0,
  }
  admission.take(order)
  t.is(end(), 0, 'the next second has another limit')
  t.is(end(), REST_SECONDS)
  const probe = { other: 4, slotSeconds: 4, settleSeconds: 1 }
  admission.take({ ...order, n: 2, probe })
  t.deepEqual([end(), end(), end(), end()], [0, 0, 0, 0], 'the arms of a probe take turns')
})

test.serial(
  'one timer: ten seconds at rest, and the beat as ever from the second that it is woken in',
  t => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const { now, options, made, rested, request } = world()
      const seconds = measure(options)
      const pass = (ms: number): number => {
        const before = made.length
        for (let left = ms; left > 0; left -= 100) {
          now.us += 100_000
          mock.timers.tick(100)
        }
        return made.length - before
      }
      t.deepEqual([pass(1000), pass(9900), pass(100)], [1, 0, 1])
      pass(3400)
      seconds.wake()
      now.resting = false
      request(0)
      t.deepEqual([pass(500), pass(100), pass(900), pass(100)], [0, 1, 0, 1])
      t.deepEqual(numbers(made), [0, 10, 14, 15])
      t.deepEqual(
        made.map(({ offered }) => offered),
        [0, 0, 1, 0],
      )
      now.resting = true
      t.deepEqual([pass(1000), pass(2000)], [1, 0])
      seconds.catchUp()
      t.is(rested.at(-1)?.seq, 18)
      t.deepEqual([pass(7900), pass(100)], [0, 1], 'who only looks wakes nobody')
      now.us += 2_500_000
      seconds.stop()
      t.deepEqual(numbers(made).slice(-2), [26, 29])
      t.is(made.at(-1)?.us, 500_000)
    } finally {
      mock.timers.reset()
    }
  },
)
