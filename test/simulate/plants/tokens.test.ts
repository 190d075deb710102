import test from 'ava'
import { closedLoop, drive, poisson } from './drive.ts'
import { replica } from './plant.ts'

const engine = {
  kind: 'tokens',
  base: '10ms',
  each: '150us',
  prefill: 10_000,
  prompt: { mean: 500 },
  output: { mean: 200 },
  kv: 100_000,
}
const mixed = {
  ...engine,
  prompt: { mean: 500, spread: 'lognormal', cv: 1 },
  output: { mean: 200, spread: 'exponential' },
}

test('alone: the prompt is read, then a token each step', t => {
  const model = replica({ model: engine })
  model.start(0, 0, 0)
  t.is(model.nextUs(), 50_000)
  t.deepEqual(model.end(50_000), [])
  t.is(model.nextUs(), 50_000 + 200 * 10_150)
  t.is(model.measure(50_000 + 100 * 10_150).tokensOut, 100)
  t.deepEqual(model.end(50_000 + 200 * 10_150), [{ id: 0, ok: true, tokens: 200 }])
  const { tokensOut, engine: reading } = model.measure(3e6)
  t.is(tokensOut, 100)
  t.deepEqual(reading, { running: 0, waiting: 0, kvPermille: 0, preemptions: 0 })
})

test('many: reading for all, and steps that all share', t => {
  for (const n of [8, 64]) {
    // A request costs the engine its reading and its share of 200 steps.
    const us = 50_000 + (200 * (10_000 + 150 * n)) / n
    const rate = closedLoop(replica({ model: engine }), n, 2000e6)
    t.true(Math.abs((rate * us) / 1e6 - 1) < 0.03, `${n}: ${rate} against ${1e6 / us}`)
  }
})

test('nobody is let in whom the cache has no room for, nor above the most that run', t => {
  const full = replica({ model: { ...engine, kv: 10_000 } })
  for (let id = 0; id < 30; id++) full.start(id, 0, 0)
  // 19 prompts leave a hundredth free; the 20th would not.
  t.deepEqual(full.measure(0).engine, { running: 19, waiting: 11, kvPermille: 950, preemptions: 0 })
  const few = replica({ model: { ...engine, most: 4 } })
  for (let id = 0; id < 30; id++) few.start(id, 0, 0)
  t.is(few.measure(0).engine?.running, 4)
})

test('a full cache puts back the last one let in: no token is lost, and the cache never overflows', t => {
  const model = replica({ model: { ...mixed, kv: 10_000 } })
  let told = 0
  let fullest = 0
  const gap = poisson(4, 3)
  const look = (now: number): number => {
    const seen = model.measure(now)
    told += seen.tokensOut ?? 0
    fullest = Math.max(fullest, seen.engine?.kvPermille ?? 0)
    return now < 600e6 ? gap() : Infinity
  }
  const { past, open } = drive(model, { untilUs: 1e10, gap: look })
  told += model.measure(1e10).tokensOut ?? 0
  t.is(open, 0)
  t.is(
    told,
    past.reduce((sum, p) => sum + p.tokens, 0),
  )
  t.true((model.measure(1e10).engine?.preemptions ?? 0) > 100)
  t.true(fullest > 950 && fullest <= 1000)
})

test('putting back costs: what was read is read again, so more in flight carry less', t => {
  const slow = { ...engine, prefill: 2000, kv: 20_000, prompt: { mean: 50 } }
  const rate = (count: number): number =>
    closedLoop(replica({ model: { ...slow, output: mixed.output } }), count, 600e6)
  t.true(rate(256) < 0.9 * rate(64), `${rate(256)} against ${rate(64)}`)
})

test('what never fits is cut to fit, and ends', t => {
  const large = { ...engine, kv: 1000, prompt: { mean: 5000 }, output: { mean: 5000 } }
  let left = 3
  const gap = (): number => (left-- > 0 ? 1000 : Infinity)
  const { past } = drive(replica({ model: large }), { untilUs: 1e9, gap })
  t.deepEqual(
    past.map(({ tokens }) => tokens),
    [500, 500, 500],
  )
})

test('a class gives so many times the tokens', t => {
  const model = replica({ model: engine, classes: [1, 3] })
  model.start(0, 1, 0)
  model.end(50_000)
  t.is(model.nextUs(), 50_000 + 600 * 10_150)
})
