import test from 'ava'
import { drive, mean, poisson } from './drive.ts'
import { replica } from './plant.ts'

const knee = { kind: 'cores', cores: 64, work: { mean: '400ms' }, cpu: false }
const single = { kind: 'cores', cores: 1, work: { mean: '100ms' } }

test('pauses, neighbours: a request takes as much longer as its replica was slow', t => {
  const slowed = replica({
    model: single,
    neighbour: [{ from: '50ms', until: '100ms', speed: 0.2 }],
  })
  const once = drive(slowed, { untilUs: 1e9, gap: now => (now === 0 ? 1 : Infinity) })
  // 50 ms at a fifth of its speed give 10 ms of work: 40 ms more.
  t.true(Math.abs((once.past[0]?.endedUs ?? 0) - 140_001) < 1)
  const paused = replica({
    model: { ...single, cores: 100 },
    pauses: { every: '10s', for: '400ms' },
  })
  const { past } = drive(paused, { untilUs: 1000e6, gap: () => 50_000 })
  const long = past.map(p => p.endedUs - p.startedUs).filter(took => took > 100_001)
  // Those that begin up to 100 ms before a pause, or in it.
  t.true(Math.abs(long.length / past.length - 0.05) < 0.006, `${long.length}`)
  t.true(Math.max(...long) <= 500_001)
  const rates = drive(replica({ model: single, pauses: { every: '10s', for: '400ms' } }), {
    untilUs: 1000e6,
    gap: poisson(40, 1),
    limit: 4,
  })
  t.true(Math.abs(rates.past.length / 1000 - 9.6) < 0.05)
})

test('waits: all can wait at once, and only then they share', t => {
  const model = replica({ model: { ...single, wait: { mean: '300ms' } } })
  for (let id = 0; id < 2; id++) model.start(id, 0, 0)
  t.is(model.nextUs(), 300_000)
  t.deepEqual(model.end(300_000), [])
  t.is(model.nextUs(), 500_000)
  t.is(model.end(500_000).length, 2)
  t.is(model.measure(500_000).cpu?.us, 200_000)
})

test('memory: forty fit; the next kills all, nobody is served for 30 s, then it is as new', t => {
  const model = replica({ model: knee, memory: { limit: 4096, base: 1024, each: 75 } })
  for (let id = 0; id < 40; id++) model.start(id, 0, 0)
  t.is(model.downUntilUs(0), null)
  t.is(model.measure(0).memoryPermille, Math.round(((1024 + 3000) / 4096) * 1000))
  model.start(40, 0, 100)
  t.is(model.nextUs(), 100)
  const ended = model.end(100)
  t.deepEqual(
    ended.map(({ id }) => id),
    Array.from({ length: 41 }, (_, i) => i),
  )
  t.true(ended.every(({ ok }) => !ok))
  t.is(model.downUntilUs(100), 30_000_100)
  t.is(model.measure(200).memoryPermille, 0)
  model.start(41, 0, 300)
  // A refused connection.
  t.is(model.nextUs(), 1300)
  t.deepEqual(model.end(1300), [{ id: 41, ok: false, tokens: 0 }])
  t.is(model.nextUs(), 30_000_100)
  t.deepEqual(model.end(30_000_100), [])
  t.is(model.downUntilUs(30_000_100), null)
  model.start(42, 0, 30_000_200)
  t.deepEqual(model.end(model.nextUs()), [{ id: 42, ok: true, tokens: 0 }])
})

test('memory that was freed is given back slowly, and used again before more is taken', t => {
  const memory = { limit: 1000, base: 0, each: 100, back: '10s' }
  const model = replica({ model: knee, memory })
  for (let id = 0; id < 8; id++) model.start(id, 0, 0)
  while (model.nextUs() < 1e6) model.end(model.nextUs())
  t.is(model.measure(0).memoryPermille, 800)
  const left = model.measure(10e6).memoryPermille ?? NaN
  t.true(Math.abs(left - 800 / Math.E) <= 1, `${left}`)
  for (let id = 10; id < 20; id++) model.start(id, 0, 10e6)
  t.is(model.measure(10e6).memoryPermille, 1000)
  t.is(model.downUntilUs(10e6), null)
  const quick = replica({ model: knee, memory: { ...memory, back: '0s' } })
  quick.start(0, 0, 0)
  while (quick.nextUs() < 1e6) quick.end(quick.nextUs())
  t.is(quick.measure(1e6).memoryPermille, 0)
})

test('crashes: up for so long, the first time for a part of it, down for so long, only in the span', t => {
  const model = replica({
    model: knee,
    crashes: { from: '60s', until: '200s', every: '40s', restart: '10s' },
  })
  const downs: number[] = []
  const { past } = drive(model, {
    untilUs: 400e6,
    gap: now => {
      const until = model.downUntilUs(now)
      if (until !== null && downs.at(-1) !== until) downs.push(until)
      return 100_000
    },
  })
  const [first = NaN] = downs
  t.true(first > 70e6 && first < 110e6, `${first}`)
  t.deepEqual(
    downs.slice(1),
    [first + 50e6, first + 100e6].filter(us => us < 210e6),
  )
  const failed = past.filter(({ ok }) => !ok)
  // Four in flight at each crash, and those of ten seconds each.
  t.true(Math.abs(failed.length - downs.length * (100 + 4)) <= 3, `${failed.length}`)
})

test('errors: a share of the requests fails fast, in the span alone', t => {
  const model = replica({
    model: knee,
    errors: [{ from: '100s', until: '200s', share: 0.3, after: '2ms' }],
  })
  const { past } = drive(model, { untilUs: 400e6, gap: poisson(50, 1) })
  const failed = past.filter(({ ok }) => !ok)
  t.true(Math.abs(failed.length / 5000 - 0.3) < 0.03)
  t.true(failed.every(p => p.startedUs >= 100e6 && p.startedUs < 200e6))
  t.true(failed.every(p => Math.abs(p.endedUs - p.startedUs - 2000) < 1))
})

test('a slow replica in ten is one in ten, and so many times as slow', t => {
  const times = Array.from({ length: 20 }, (_, number) => {
    const one = replica({ model: single, slow: { share: 0.1, factor: 3 } }, { number })
    one.start(0, 0, 0)
    return one.nextUs()
  })
  t.deepEqual(
    times.toSorted((a, b) => a - b),
    [...Array.from({ length: 18 }, () => 100_000), 300_000, 300_000],
  )
})

test('cold: slow at first, and again after a crash', t => {
  const model = replica({
    model: { ...single, cores: 100 },
    cold: { factor: 8, requests: 50 },
    crashes: { from: '100s', until: '150s', every: '10s', restart: '1s' },
  })
  const { past } = drive(model, { untilUs: 500e6, gap: () => 1e6 })
  const took = (fromS: number, untilS: number): number =>
    mean(
      past
        .filter(p => p.ok && p.startedUs >= fromS * 1e6 && p.startedUs < untilS * 1e6)
        .map(p => p.endedUs - p.startedUs),
    )
  t.true(took(0, 10) > 500_000)
  t.true(Math.abs(took(60, 100) - 100_000) < 1)
  t.true(took(145, 155) > 400_000)
  t.true(Math.abs(took(250, 500) - 100_000) < 1)
})

test('cores that change over time carry as much as there are', t => {
  const model = replica({
    model: { kind: 'cores', cores: { '0s': 16, '200s': 6, '400s': 24 }, work: { mean: '100ms' } },
  })
  const { past } = drive(model, { untilUs: 600e6, gap: poisson(312, 1), limit: 40 })
  for (const [i, rate] of [160, 60, 240].entries()) {
    const ended = past.filter(p => p.endedUs >= i * 200e6 + 1e6 && p.endedUs < (i + 1) * 200e6)
    t.true(Math.abs(ended.length / 199 / rate - 1) < 0.02, `${ended.length / 199}`)
  }
})
