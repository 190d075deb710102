import test from 'ava'
import { isRefusal, readHead } from '../../core/http/head.ts'
import { spans, type SpanMaker } from '../../sidecar/spans.ts'

test('what an edge was turned away with is no cause and has no span: the edge tries elsewhere', t => {
  let started = 0
  const reference = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: 1 }
  const maker: SpanMaker = {
    sampledAtHead: () => false,
    start: () => {
      started++
      return { reference, end: () => undefined }
    },
    dropped: () => 0,
    close: () => Promise.resolve(),
  }
  const all = spans(maker)
  const head = readHead({ version: '1.1', method: 'GET', target: '/', raw: ['host', 'a'] })
  if (isRefusal(head)) return t.fail(head.why)
  const end = { queueUs: 3, limit: 1, objectiveUs: null, status: 429 }
  for (let i = 0; i < 5; i++) all.begin(head, 0).end({ ...end, reason: 'no-slot' })
  t.is(started, 0)
  all.begin(head, 0).end({ ...end, reason: 'late' })
  t.is(started, 1)
  t.deepEqual(all.takeCauses(), [`${reference.traceId}-${reference.spanId}`])
})
