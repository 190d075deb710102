import test from 'ava'
import fc from 'fast-check'
import {
  abort,
  advance,
  blocksFor,
  blocksUsed,
  createEngine,
  fits,
  schedule,
  submit,
} from '../../../../examples/three-models/llm/engine.ts'
import type { Engine } from '../../../../examples/three-models/llm/engine.ts'

const settings = fc.record({
  blocks: fc.integer({ min: 1, max: 40 }),
  blockTokens: fc.integer({ min: 1, max: 16 }),
  maxSequences: fc.integer({ min: 1, max: 8 }),
  prefillTokens: fc.integer({ min: 1, max: 200 }),
  baseUs: fc.integer({ min: 1, max: 10_000 }),
  perSequenceUs: fc.nat(100),
  perCachedTokenUs: fc.nat(10),
  perPrefillTokenUs: fc.nat(50),
})

/** Before each step some sequences come and some leave. */
const event = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      prompt: fc.integer({ min: 1, max: 100 }),
      max: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ abort: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.constant('step' as const) },
)

type World = { engine: Engine; wanted: Map<number, number>; got: Map<number, number> }

test('every sequence gets exactly its tokens, blocks never exceed the cache and all come back', t => {
  fc.assert(
    fc.property(settings, fc.array(event, { maxLength: 40 }), (sizes, events) => {
      const world: World = { engine: createEngine(sizes), wanted: new Map(), got: new Map() }
      events.forEach((one, id) => {
        if (one === 'step') runStep(world)
        else if ('abort' in one) leave(world, one.abort)
        else arrive(world, id, one.prompt, one.max)
      })
      let steps = 0
      while (busy(world.engine) && steps++ < 20_000) runStep(world)
      t.false(busy(world.engine))
      t.is(blocksUsed(world.engine), 0)
      t.deepEqual(world.got, world.wanted)
    }),
    { numRuns: 300 },
  )
})

test('without preemption sequences start in the order they came', t => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 20 }), prompts => {
      const world: World = {
        engine: createEngine({ ...BIG, maxSequences: 3 }),
        wanted: new Map(),
        got: new Map(),
      }
      prompts.forEach((prompt, id) => arrive(world, id, prompt, 1 + (prompt % 5)))
      while (busy(world.engine)) runStep(world)
      t.deepEqual(
        [...world.got.keys()],
        prompts.map((_, id) => id),
      ) // first tokens, in order
    }),
  )
})

const BIG = {
  blocks: 1_000,
  blockTokens: 16,
  maxSequences: 3,
  prefillTokens: 100,
  baseUs: 1,
  perSequenceUs: 1,
  perCachedTokenUs: 1,
  perPrefillTokenUs: 1,
}

function arrive(world: World, id: number, promptTokens: number, maxTokens: number): void {
  if (!fits(world.engine, promptTokens, maxTokens)) return
  world.engine = submit(world.engine, { id, promptTokens, maxTokens })
  world.wanted.set(id, maxTokens)
}

/** An aborted sequence is owed nothing; one that has ended can't be aborted. */
function leave(world: World, id: number): void {
  const present = [...world.engine.running, ...world.engine.waiting].some(one => one.id === id)
  world.engine = abort(world.engine, id)
  if (!present) return
  world.wanted.delete(id)
  world.got.delete(id)
}

function runStep(world: World): void {
  const { engine, us } = schedule(world.engine)
  const { settings: sizes, running } = engine
  if (blocksUsed(engine) > sizes.blocks) throw new Error('more blocks used than there are')
  if (running.length > sizes.maxSequences) throw new Error('more sequences than allowed')
  if (busy(world.engine) !== us > 0) throw new Error('a busy engine stood still')
  for (const one of running) {
    const needed = blocksFor(one.promptTokens + one.generated + 1, sizes)
    if (one.blocks !== needed) throw new Error(`holds ${one.blocks} blocks, needs ${needed}`)
  }
  const { engine: after, emitted } = advance(engine)
  for (const id of emitted) world.got.set(id, (world.got.get(id) ?? 0) + 1)
  world.engine = after
}

function busy({ running, waiting }: Engine): boolean {
  return running.length + waiting.length > 0
}
