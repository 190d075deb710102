import test from 'ava'
import fc from 'fast-check'
import { readOrca } from '../../../sidecar/signals/orca.ts'

const nothing = { cpu: null, memory: null, running: null, waiting: null, kv: null }

test('reads what vLLM sends', t => {
  const report = { ...nothing, kv: 400, waiting: 3 }
  for (const header of [
    'TEXT named_metrics.kv_cache_usage_perc=0.4, named_metrics.num_requests_waiting=3.0',
    'JSON {"named_metrics": {"kv_cache_usage_perc": 0.4, "num_requests_waiting": 3.0}}',
    'named_metrics.kv_cache_usage_perc=0.4,named_metrics.num_requests_waiting=3',
    '{"named_metrics":{"kv_cache_usage_perc":0.4,"num_requests_waiting":3}}',
  ]) {
    t.deepEqual(readOrca(header), report, header)
  }
})

test('reads what Triton sends, and the fields of the specification', t => {
  t.deepEqual(
    readOrca(
      'TEXT cpu_utilization=1.3, mem_utilization=0.8, rps_fractional=10.0, eps=1, named_metrics.kv_cache_utilization=0.25',
    ),
    { ...nothing, cpu: 1300, memory: 800, kv: 250 },
  )
  t.deepEqual(
    readOrca(
      'JSON {"cpu_utilization": 0.3, "mem_utilization": 0.8, "named_metrics": {"num_requests_running": 4}}',
    ),
    { ...nothing, cpu: 300, memory: 800, running: 4 },
  )
})

test('anything else is no report', t => {
  for (const header of [
    '',
    'TEXT',
    'JSON {',
    'JSON []',
    'JSON "named_metrics"',
    'BIN CZqZmZmZmbk/',
    'TEXT named_metrics.other=1',
    'TEXT named_metrics.kv_cache_utilization=-1',
    'TEXT named_metrics.kv_cache_utilization=NaN',
    `TEXT named_metrics.kv_cache_utilization=0.4${' '.repeat(9000)}`,
  ]) {
    t.is(readOrca(header), null, header.slice(0, 60))
  }
})

test('no header makes it throw or leave its ranges', t => {
  const header = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json().map(json => `JSON ${json}`),
    fc.double().map(value => `TEXT named_metrics.kv_cache_utilization=${value}`),
  )
  fc.assert(fc.property(header, text => (readOrca(text)?.kv ?? 0) <= 1000))
  t.pass()
})
