import { readFileSync, readdirSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { engineReading } from '../../../core/model/sample.ts'
import { check } from '../../../core/model/schema.ts'
import { engines } from '../../../sidecar/signals/engine-table.ts'
import { readEngine } from '../../../sidecar/signals/engines.ts'

const folder = new URL('../../fixtures/engines/', import.meta.url)
const page = (name: string) => readFileSync(new URL(name, folder), 'utf8')

const nothing = {
  running: null,
  waiting: null,
  kv: null,
  preemptions: null,
  tokensIn: null,
  tokensOut: null,
  gpu: null,
}

const expected = {
  'vllm.txt': {
    kind: 'vllm',
    running: 25,
    waiting: 3,
    kv: 834,
    preemptions: 9,
    tokensIn: 1_234_600,
    tokensOut: 99_000,
  },
  'openmetrics.txt': {
    kind: 'vllm',
    running: 25,
    waiting: 3,
    kv: 834,
    preemptions: 9,
    tokensIn: 1_234_600,
    tokensOut: 99_000,
  },
  'vllm-v0.txt': { kind: 'vllm', running: 5, waiting: 12, kv: 350, preemptions: 0, tokensIn: 28 },
  'sglang.txt': {
    kind: 'sglang',
    running: 162,
    waiting: 2826,
    kv: 280,
    preemptions: 4,
    tokensIn: 8_129_000,
    tokensOut: 7_557_572,
  },
  'trtllm.txt': {
    kind: 'trtllm',
    running: 8,
    waiting: 2,
    kv: 620,
    tokensIn: 5210,
    tokensOut: 20_480,
  },
  'triton.txt': {
    kind: 'triton',
    waiting: 14,
    gpu: { util: 700, memoryBytes: 3_000_000_000, memoryLimit: 51_539_607_552 },
  },
  'triton-trtllm.txt': { kind: 'triton', running: 7, waiting: 5, kv: 250 },
  'tgi.txt': { kind: 'tgi', running: 4, waiting: 7, tokensIn: 19_200, tokensOut: 8123 },
  'mlserver.txt': { kind: 'mlserver', running: 1 },
  'llamacpp.txt': { kind: 'llamacpp', running: 4, waiting: 46, tokensIn: 1234, tokensOut: 17_029 },
  'llamacpp-old.txt': { kind: 'llamacpp', running: 3, waiting: 1, kv: 420 },
  'ovms.txt': { kind: 'ovms', running: 6 },
  'ovms-graphs.txt': { kind: 'ovms', running: 1 },
}

for (const [name, reading] of Object.entries(expected)) {
  test(`reads ${name}`, t => {
    t.deepEqual(readEngine(page(name)), { ...nothing, ...reading } as ReturnType<typeof readEngine>)
  })
}

test('every page has its expectation, every engine its page', t => {
  const pages = readdirSync(folder).filter(name => name.endsWith('.txt'))
  t.deepEqual(pages.toSorted(), Object.keys(expected).toSorted())
  const kinds = new Set(Object.values(expected).map(reading => reading.kind))
  t.deepEqual([...kinds].toSorted(), engines.map(engine => engine.kind as string).toSorted())
})

test('every page reads the same with CRLF', t => {
  for (const name of Object.keys(expected)) {
    t.deepEqual(readEngine(page(name).replaceAll('\n', '\r\n')), readEngine(page(name)), name)
  }
})

test('vLLM inside Triton is read as vLLM', t => {
  t.is(readEngine(page('triton.txt') + page('vllm.txt'))?.kind, 'vllm')
})

test('MLServer is known before its first request', t => {
  const idle = page('mlserver.txt')
    .split('\n')
    .filter(line => !line.includes('rest_server_requests_in_progress'))
  t.deepEqual(readEngine(idle.join('\n')), { ...nothing, kind: 'mlserver' })
})

test('pages of others, and none at all, are unknown', t => {
  const app = 'process_cpu_seconds_total 1\nhttp_requests_total{code="200"} 5\n'
  for (const text of [
    '',
    app,
    '{"iter": 1}',
    '<html></html>',
    'vllm:num_requests_runningish 3\n',
  ]) {
    t.is(readEngine(text), null, text)
  }
})

test('a page over the bound is unknown, since its sums would be wrong', t => {
  t.is(readEngine(page('vllm.txt') + '# filler\n'.repeat(130_000)), null)
})

test('values out of range stay within the contract', t => {
  const reading = readEngine(
    [
      'vllm:num_requests_running -1',
      'vllm:num_requests_waiting 2.6',
      'vllm:kv_cache_usage_perc 1.02',
      'vllm:num_preemptions_total 1e300',
      'vllm:prompt_tokens_total NaN',
    ].join('\n'),
  )
  t.deepEqual(reading, {
    ...nothing,
    kind: 'vllm',
    running: 0,
    waiting: 3,
    kv: 1000,
    preemptions: Number.MAX_SAFE_INTEGER,
  })
})

test('any value gives a reading that a sample may carry', t => {
  const names = engines.flatMap(engine =>
    Object.values(engine.signals).flatMap(({ from }) =>
      from.map(
        ({ name, only }) =>
          name + [...(only ?? [])].map(([label, value]) => `{${label}="${value}"}`).join(''),
      ),
    ),
  )
  const line = fc
    .tuple(fc.constantFrom(...names), fc.double())
    .map(([name, value]) => `${name} ${value}`)
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), lines => {
      const reading = readEngine(lines.join('\n'))
      if (reading === null) return
      const { kind, running, waiting, kv, preemptions } = reading
      t.deepEqual(check(engineReading, { kind, running, waiting, kv, preemptions }).ok, true)
    }),
  )
  t.pass()
})
