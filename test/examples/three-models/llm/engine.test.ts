import test from 'ava'
import {
  abort,
  advance,
  blocksUsed,
  createEngine,
  schedule,
  submit,
} from '../../../../examples/three-models/llm/engine.ts'
import type { Engine, EngineSettings } from '../../../../examples/three-models/llm/engine.ts'

const settings: EngineSettings = {
  blocks: 10,
  blockTokens: 16,
  maxSequences: 4,
  prefillTokens: 64,
  baseUs: 1_000,
  perSequenceUs: 100,
  perCachedTokenUs: 1,
  perPrefillTokenUs: 10,
}

/** An engine with sequences 0, 1, ... of [promptTokens, maxTokens]. */
function engineOf(sizes: [number, number][], changed: Partial<EngineSettings> = {}): Engine {
  return sizes.reduce(
    (engine, [promptTokens, maxTokens], id) => submit(engine, { id, promptTokens, maxTokens }),
    createEngine({ ...settings, ...changed }),
  )
}

const idsOf = (list: readonly { id: number }[]) => list.map(({ id }) => id)
const both = (engine: Engine) => advance(schedule(engine).engine)

test('an engine with nothing to do takes no time', t => {
  const { engine, us, preempted } = schedule(createEngine(settings))
  t.is(us, 0)
  t.deepEqual(preempted, [])
  t.deepEqual(advance(engine).emitted, [])
})

test('a step costs base, batch, cache and prefill', t => {
  const first = schedule(
    engineOf([
      [20, 3],
      [10, 3],
    ]),
  )
  t.is(first.us, 1_000 + 2 * 100 + 30 * 1 + 30 * 10)
  const second = schedule(advance(first.engine).engine)
  t.is(second.us, 1_000 + 2 * 100 + 32 * 1)
})

test('blocks hold the prompt and the next token, and come back at the end', t => {
  const begun = schedule(engineOf([[16, 2]]))
  t.is(blocksUsed(begun.engine), 2)
  const after = advance(begun.engine)
  t.deepEqual([after.emitted, after.finished], [[0], []])
  const end = both(after.engine)
  t.deepEqual([end.emitted, end.finished], [[0], [0]])
  t.is(blocksUsed(end.engine), 0)
})

test('first in, first out: nobody overtakes a prompt that has to wait for blocks', t => {
  const { engine } = schedule(
    engineOf([
      [80, 10],
      [80, 10],
      [5, 10],
    ]),
  )
  t.deepEqual(idsOf(engine.running), [0])
  t.deepEqual(idsOf(engine.waiting), [1, 2])
})

test('the batch and the prefill of one step are bounded', t => {
  const sizes: [number, number][] = Array.from({ length: 6 }, () => [4, 4])
  t.deepEqual(idsOf(schedule(engineOf(sizes)).engine.running), [0, 1, 2, 3])
  const tight = schedule(engineOf(sizes, { prefillTokens: 8 }))
  t.deepEqual(idsOf(tight.engine.running), [0, 1])
  t.deepEqual(idsOf(schedule(advance(tight.engine).engine).engine.running), [0, 1, 2, 3])
})

test('a prompt longer than the prefill budget is prefilled alone', t => {
  const { engine } = schedule(
    engineOf([
      [100, 4],
      [4, 4],
    ]),
  )
  t.deepEqual(idsOf(engine.running), [0])
})

test('when blocks run out the newest is preempted, waits in front and resumes where it was', t => {
  // Each of the two needs 2 blocks at first, 3 in the end, and there are 4.
  let engine = engineOf(
    [
      [30, 10],
      [30, 10],
      [4, 1],
    ],
    { blocks: 4, prefillTokens: 100 },
  )
  const emitted: number[][] = []
  const preempted: number[] = []
  for (let steps = 0; steps < 30; steps++) {
    const scheduled = schedule(engine)
    preempted.push(...scheduled.preempted)
    if (scheduled.preempted.length > 0) {
      t.deepEqual(idsOf(scheduled.engine.waiting), [1, 2])
      t.is(scheduled.engine.waiting[0]?.generated, 2)
      t.is(scheduled.engine.waiting[0]?.blocks, 0)
    }
    const advanced = advance(scheduled.engine)
    emitted.push(advanced.emitted)
    engine = advanced.engine
  }
  t.deepEqual(preempted, [1])
  t.is(engine.preemptions, 1)
  const counts = [0, 1, 2].map(id => emitted.flat().filter(one => one === id).length)
  t.deepEqual(counts, [10, 10, 1])
  t.deepEqual([engine.running.length, engine.waiting.length], [0, 0])
})

test('a recomputed sequence pays for its prompt and what it had generated', t => {
  const [waits] = engineOf([[10, 9]]).waiting
  t.truthy(waits)
  const resumed = { ...createEngine(settings), waiting: waits ? [{ ...waits, generated: 5 }] : [] }
  t.is(schedule(resumed).us, 1_000 + 100 + 15 * 1 + 15 * 10)
})

test('abort frees blocks, running or waiting', t => {
  const { engine } = schedule(
    engineOf([
      [80, 10],
      [80, 10],
    ]),
  )
  t.is(blocksUsed(engine), 6)
  t.is(blocksUsed(abort(engine, 0)), 0)
  t.deepEqual(idsOf(abort(engine, 1).waiting), [])
  t.deepEqual(abort(engine, 99), engine)
})

test('a sequence that could never end is refused', t => {
  t.notThrows(() => engineOf([[100, 60]]))
  t.throws(() => engineOf([[100, 61]]), { instanceOf: RangeError })
})
