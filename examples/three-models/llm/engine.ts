/**
 * An EMULATION of a continuous-batching LLM engine, as vLLM has one (Kwon et al., "Efficient Memory
 * Management for Large Language Model Serving with PagedAttention", SOSP 2023). No text is computed:
 * only who is in the batch, how many blocks of the KV cache each holds, and how long a step takes.
 * Pure: state in, state out, no clock.
 */

export type EngineSettings = {
  /** Blocks of the KV cache. */
  blocks: number
  /** Tokens a block holds. */
  blockTokens: number
  /** Most sequences in one batch (vLLM's max_num_seqs). */
  maxSequences: number
  /** Most prompt tokens prefilled in one step; a longer prompt is prefilled alone. */
  prefillTokens: number
  /** A step takes base + sequences x this + tokens in the cache x this + prefilled tokens x this (us). */
  baseUs: number
  perSequenceUs: number
  perCachedTokenUs: number
  perPrefillTokenUs: number
}

/** One request. The cache must hold promptTokens + generated while it runs. */
type Sequence = {
  id: number
  promptTokens: number
  /** Tokens to generate; all of them are. */
  maxTokens: number
  generated: number
  /** Blocks held; 0 while waiting. */
  blocks: number
}

export type Engine = {
  settings: EngineSettings
  /** First in, first out; a preempted sequence waits in front. */
  waiting: readonly Sequence[]
  /** Oldest first. */
  running: readonly Sequence[]
  preemptions: number
}

export function createEngine(settings: EngineSettings): Engine {
  return { settings, waiting: [], running: [], preemptions: 0 }
}

/** Blocks that hold this many tokens. */
export function blocksFor(tokens: number, { blockTokens }: EngineSettings): number {
  return Math.ceil(tokens / blockTokens)
}

export function blocksUsed(engine: Engine): number {
  return engine.running.reduce((sum, sequence) => sum + sequence.blocks, 0)
}

/** Whether the cache can hold the sequence to its end when it is alone; one that can't never ends. */
export function fits(engine: Engine, promptTokens: number, maxTokens: number): boolean {
  return blocksFor(promptTokens + maxTokens, engine.settings) <= engine.settings.blocks
}

/** Puts a sequence at the end of the queue. Throws RangeError when it doesn't fit the cache. */
export function submit(
  engine: Engine,
  sequence: { id: number; promptTokens: number; maxTokens: number },
): Engine {
  if (!fits(engine, sequence.promptTokens, sequence.maxTokens)) {
    throw new RangeError('the sequence does not fit the KV cache')
  }
  return { ...engine, waiting: [...engine.waiting, { ...sequence, generated: 0, blocks: 0 }] }
}

/** Removes a sequence, wherever it is, and frees its blocks. */
export function abort(engine: Engine, id: number): Engine {
  const others = (sequence: Sequence) => sequence.id !== id
  return {
    ...engine,
    waiting: engine.waiting.filter(others),
    running: engine.running.filter(others),
  }
}

/**
 * Begins a step: who is in the batch and how long the step takes (us; 0 when there is nothing to do).
 * The engine returned is as it stands during the step; `advance` ends it.
 */
export function schedule(engine: Engine): { engine: Engine; us: number; preempted: number[] } {
  const { settings } = engine
  const { kept, preempted } = grow(engine)
  const queue = [...preempted, ...engine.waiting]
  // As in vLLM, nobody is admitted in a step that had to preempt: there is no room.
  const admitted = preempted.length > 0 ? [] : admit(queue, kept, settings)
  const running = [...kept, ...admitted]
  return {
    engine: {
      settings,
      waiting: queue.slice(admitted.length),
      running,
      preemptions: engine.preemptions + preempted.length,
    },
    us: stepUs(running, admitted, settings),
    preempted: ids(preempted),
  }
}

/** Ends a step: each running sequence gives one token; who gave its last leaves and frees its blocks. */
export function advance(engine: Engine): { engine: Engine; emitted: number[]; finished: number[] } {
  const batch = engine.running.map(one => ({ ...one, generated: one.generated + 1 }))
  const isDone = (sequence: Sequence) => sequence.generated >= sequence.maxTokens
  return {
    engine: { ...engine, running: batch.filter(sequence => !isDone(sequence)) },
    emitted: ids(batch),
    finished: ids(batch.filter(isDone)),
  }
}

/** Gives each running sequence room for its next token, oldest first, at the expense of the newest. */
function grow({ running, settings }: Engine): { kept: Sequence[]; preempted: Sequence[] } {
  const held = running.map(sequence => sequence.blocks)
  const needed = running.map(sequence => blocksFor(tokens(sequence) + 1, settings))
  let free = settings.blocks - sum(held)
  let end = running.length
  for (let at = 0; at < end; at++) {
    const more = (needed[at] ?? 0) - (held[at] ?? 0)
    while (more > free && end > at) free += held[--end] ?? 0
    if (at < end) free -= more
  }
  const kept = running.slice(0, end).map((one, at) => ({ ...one, blocks: needed[at] ?? 0 }))
  // Recompute: the blocks are dropped, the tokens stay and are prefilled again with the prompt.
  const preempted = running.slice(end).map(one => ({ ...one, blocks: 0 }))
  return { kept, preempted }
}

/** The head of the queue, as far as batch, prefill budget and free blocks reach. Nobody overtakes. */
function admit(queue: Sequence[], kept: Sequence[], settings: EngineSettings): Sequence[] {
  const admitted: Sequence[] = []
  let free = settings.blocks - sum(kept.map(sequence => sequence.blocks))
  let budget = settings.prefillTokens
  for (const sequence of queue) {
    const blocks = blocksFor(tokens(sequence) + 1, settings)
    if (kept.length + admitted.length >= settings.maxSequences || blocks > free) break
    if (tokens(sequence) > budget && admitted.length > 0) break
    free -= blocks
    budget -= tokens(sequence)
    admitted.push({ ...sequence, blocks })
  }
  return admitted
}

function stepUs(batch: Sequence[], admitted: Sequence[], settings: EngineSettings): number {
  if (batch.length === 0) return 0
  return Math.round(
    settings.baseUs +
      settings.perSequenceUs * batch.length +
      settings.perCachedTokenUs * sum(batch.map(tokens)) +
      settings.perPrefillTokenUs * sum(admitted.map(tokens)),
  )
}

function tokens({ promptTokens, generated }: Sequence): number {
  return promptTokens + generated
}

function ids(sequences: Sequence[]): number[] {
  return sequences.map(({ id }) => id)
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, value) => total + value, 0)
}
