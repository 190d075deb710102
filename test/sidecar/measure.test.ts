import test from 'ava'
import { sample as schema, type Sample } from '../../core/model/sample.ts'
import { check } from '../../core/model/schema.ts'
import { Admission } from '../../sidecar/admit/admission.ts'
import { gate } from '../../sidecar/gate.ts'
import { seconds } from '../../sidecar/measure.ts'

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
    made: one => made.push(one),
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
