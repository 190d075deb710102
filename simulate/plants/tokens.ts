import type { Random } from '../random.ts'
import { Busy } from './busy.ts'
import { UNSEEN, type Ended, type Measured, type Model } from './model.ts'
import { draw, type Spread } from './spread.ts'
import type { Steps } from './steps.ts'

export interface TokensOptions {
  /** us between two tokens of a request: `base` + `each` x the requests that are given tokens. */
  base: number
  each: number
  /** us to read one prompt token. */
  readUs: number
  prompt: Spread
  output: Spread
  /** Tokens that the KV cache holds, and requests that run at most. */
  kv: number
  most: number
  /** Times the output tokens for a request of each class. */
  costs: readonly number[]
  pace: Steps
}

interface Job {
  id: number
  prompt: number
  output: number
  /** Tokens it was given before it was put back. */
  given: number
  /** Where the engine's count of tokens stood when it began, and where it stands at its end. */
  from: number
  ends: number
}

/** A request is let in only while this share of the KV cache stays free, as vLLM's watermark. */
const WATERMARK = 0.01
/** Tokens; far above what rounding adds up to, far below one. */
const NEARLY = 1e-6

/**
 * An LLM engine with continuous batching, as vLLM without chunked prefill: prompts are read first, one after
 * the other, while nobody gets tokens; then all that run get one token a step. When the KV cache is full the
 * last one let in is put back in front of the queue, and what it had is read anew. Tokens flow as in
 * processor sharing: only who comes, goes or is put back costs anything.
 */
export class Tokens implements Model {
  private readonly options: TokensOptions
  private readonly random: Random
  private readonly busy = new Busy()
  private readonly waiting: Job[] = []
  /** Being read, and being given tokens; both in the order in which they were let in. */
  private readonly reading: Job[] = []
  private giving: Job[] = []
  /** us of reading that the first one still needs. */
  private toRead = 0
  /** KV tokens in use. */
  private held = 0
  /** Tokens that a request would have got that was given some all the time. */
  private count = 0
  /** Tokens until somebody ends or the cache is full. */
  private toGive = 0
  private preemptions = 0
  private out = 0
  private told = 0
  private atUs = 0
  private endsUs = Infinity
  private wakeUs = Infinity

  constructor(options: TokensOptions, random: Random) {
    this.options = options
    this.random = random
  }

  /** What would never fit into the KV cache is cut to it: half of it for the prompt, the rest for the output. */
  start(id: number, kind: number, nowUs: number): void {
    this.advance(nowUs)
    const { prompt, output, kv, costs, pace } = this.options
    pace.started()
    const read = whole(draw(prompt, this.random), kv / 2)
    const give = whole(draw(output, this.random) * (costs[kind] ?? 1), kv - read)
    this.waiting.push({ id, prompt: read, output: give, given: 0, from: 0, ends: 0 })
    this.plan()
  }

  nextUs(): number {
    return this.wakeUs
  }

  end(nowUs: number): readonly Ended[] {
    if (nowUs < this.wakeUs) return []
    this.advance(nowUs)
    const ended = nowUs >= this.endsUs ? this.turn() : []
    this.plan()
    return ended
  }

  downUntilUs(): number | null {
    return null
  }

  measure(nowUs: number): Measured {
    this.advance(nowUs)
    const out = Math.floor(this.out + NEARLY)
    const tokensOut = out - this.told
    this.told = out
    const engine = {
      running: this.reading.length + this.giving.length,
      waiting: this.waiting.length,
      kvPermille: Math.min(1000, Math.round((this.held / this.options.kv) * 1000)),
      preemptions: this.preemptions,
    }
    return { ...UNSEEN, gpuPermille: this.busy.permille(nowUs), engine, tokensOut }
  }

  private advance(nowUs: number): void {
    const works = this.reading.length + this.giving.length > 0 && this.options.pace.value > 0
    if (nowUs > this.atUs) this.busy.add(this.atUs, nowUs, works)
    const us = works ? (nowUs - this.atUs) * this.options.pace.value : 0
    this.atUs = nowUs
    const planned = nowUs >= this.endsUs
    if (this.reading.length > 0) this.toRead = planned ? 0 : Math.max(0, this.toRead - us)
    else if (this.giving.length > 0) {
      const tokens = planned ? this.toGive : Math.min(this.toGive, us / this.stepUs())
      this.toGive -= tokens
      this.count += tokens
      this.held += tokens * this.giving.length
      this.out += tokens * this.giving.length
    }
  }

  /** What was planned for now: a prompt was read, some have their tokens, or the cache is full. */
  private turn(): Ended[] {
    const read = this.reading.shift()
    if (read !== undefined) {
      read.from = this.count
      read.ends = this.count + read.output - read.given
      this.giving.push(read)
      this.toRead = this.readUs()
      return []
    }
    const done = this.giving.filter(({ ends }) => ends <= this.count + NEARLY)
    if (done.length === 0) this.putBack()
    else this.giving = this.giving.filter(({ ends }) => ends > this.count + NEARLY)
    for (const { prompt, output } of done) this.held -= prompt + output
    return done.map(({ id, output }) => ({ id, ok: true, tokens: output }))
  }

  private putBack(): void {
    const last = this.giving.pop()
    if (last === undefined) return
    last.given += this.count - last.from
    this.held -= last.prompt + last.given
    this.waiting.unshift(last)
    this.preemptions++
  }

  private plan(): void {
    const { kv, most, pace } = this.options
    if (this.reading.length + this.giving.length === 0) this.held = this.count = 0
    for (let job = this.waiting[0]; job !== undefined; job = this.waiting[0]) {
      const running = this.reading.length + this.giving.length
      const after = this.held + job.prompt + job.given
      if (running >= most || (running > 0 && after > kv * (1 - WATERMARK))) break
      this.waiting.shift()
      this.held = after
      if (this.reading.push(job) === 1) this.toRead = this.readUs()
    }
    const leftUs = this.leftUs()
    this.endsUs = this.wakeUs = Infinity
    if (leftUs === Infinity) return
    pace.sync(this.atUs)
    if (pace.value > 0) this.endsUs = this.atUs + leftUs / pace.value
    this.wakeUs = Math.min(this.endsUs, pace.untilUs)
  }

  /** us at full speed until the next turn; Infinity when it is idle. */
  private leftUs(): number {
    if (this.reading.length > 0) return this.toRead
    if (this.giving.length === 0) return Infinity
    let ends = Infinity
    for (const job of this.giving) if (job.ends < ends) ends = job.ends
    const free = (this.options.kv - this.held) / this.giving.length
    this.toGive = Math.max(0, Math.min(ends - this.count, free))
    return this.toGive * this.stepUs()
  }

  private stepUs(): number {
    return this.options.base + this.options.each * this.giving.length
  }

  /** us that the first one to be read takes. */
  private readUs(): number {
    const first = this.reading[0]
    return first === undefined ? 0 : (first.prompt + first.given) * this.options.readUs
  }
}

/** A whole number of tokens, from 1 to `most`. */
function whole(tokens: number, most: number): number {
  return Math.max(1, Math.min(Math.round(tokens), Math.floor(most)))
}
