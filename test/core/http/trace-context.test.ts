import test from 'ava'
import fc from 'fast-check'
import { isSampled, readTraceParent, writeTraceParent } from '../../../core/http/trace-context.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

test('reads what is valid', t => {
  const parent = readTraceParent(`00-${TRACE}-${SPAN}-01`)
  t.deepEqual(parent, { traceId: TRACE, spanId: SPAN, flags: 1 })
  t.true(parent !== null && isSampled(parent))
  t.is(readTraceParent(`cc-${TRACE}-${SPAN}-00-what-comes-later`)?.traceId, TRACE)
})

test('reads nothing else', t => {
  const wrong = [
    '',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-0`,
    `00-${TRACE}-${SPAN}-01 `,
    ` 00-${TRACE}-${SPAN}-01`,
    `cc-${TRACE}-${SPAN}-01x`,
  ]
  for (const text of wrong) t.is(readTraceParent(text), null, text)
})

test('what is written is read again', t => {
  const hex = (length: number) =>
    fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter(text => !/^0+$/.test(text))
  fc.assert(
    fc.property(hex(32), hex(16), fc.integer({ min: 0, max: 1 }), (traceId, spanId, flags) => {
      const parent = { traceId, spanId, flags }
      t.deepEqual(readTraceParent(writeTraceParent(parent)), parent)
    }),
  )
})
