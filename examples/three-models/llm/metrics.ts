import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { blocksUsed } from './engine.ts'
import type { Engine } from './engine.ts'
import { MODEL } from './request.ts'

const LABELS = { engine: '0', model_name: MODEL }
const TTFT_BUCKETS = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75]
const TTFT_SLOW_BUCKETS = [1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560]

type Metrics = {
  registry: Registry
  /** One token was generated; the first one of a sequence also says how it began. */
  token: (first: { promptTokens: number; seconds: number } | null) => void
}

/** The metrics under vLLM's names and labels, so that what reads vLLM reads the emulator. */
export function createMetrics(engine: () => Engine): Metrics {
  const registry = new Registry()
  const labelNames = Object.keys(LABELS)
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.set(LABELS, read())
      },
    })
  const counter = (name: string, help: string) =>
    new Counter({ name, help, labelNames, registers: [registry] })

  gauge('vllm:num_requests_running', 'Requests in the batch.', () => engine().running.length)
  gauge('vllm:num_requests_waiting', 'Requests that wait.', () => engine().waiting.length)
  gauge('vllm:kv_cache_usage_perc', 'Share of the KV cache in use, 1 is all.', () => {
    return blocksUsed(engine()) / engine().settings.blocks
  })
  new Counter({
    name: 'vllm:num_preemptions_total',
    help: 'Sequences taken out of the batch for want of KV blocks.',
    labelNames,
    registers: [registry],
    collect() {
      this.reset()
      this.inc(LABELS, engine().preemptions)
    },
  })
  const prompt = counter('vllm:prompt_tokens_total', 'Prompt tokens prefilled.')
  const generated = counter('vllm:generation_tokens_total', 'Tokens generated.')
  const ttft = new Histogram({
    name: 'vllm:time_to_first_token_seconds',
    help: 'From arrival to the first token.',
    labelNames,
    buckets: [...TTFT_BUCKETS, ...TTFT_SLOW_BUCKETS],
    registers: [registry],
  })
  for (const metric of [prompt, generated]) metric.inc(LABELS, 0)
  ttft.zero(LABELS)

  return {
    registry,
    token(first) {
      generated.inc(LABELS, 1)
      if (first === null) return
      prompt.inc(LABELS, first.promptTokens)
      ttft.observe(LABELS, first.seconds)
    },
  }
}
