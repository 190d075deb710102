import test from 'ava'
import fc from 'fast-check'
import { pushbackMs } from '../../../sidecar/admit/retry.ts'
import {
  kindOfCall,
  messageText,
  timeoutText,
  timeoutUs,
} from '../../../sidecar/forward/h2/grpc.ts'

test('grpc-timeout: up to eight digits and a unit, else there is none', t => {
  const read = ['1H', '2M', '3S', '4m', '5u', '6000n', '99999999S', '0m']
  t.deepEqual(read.map(timeoutUs), [3.6e9, 1.2e8, 3e6, 4000, 5, 6, 99_999_999e6, 0])
  for (const bad of [undefined, '', 'S', '1', '1s', '123456789m', '-1m', '1.5S', ' 1S', '1m '])
    t.is(timeoutUs(bad), null, bad)
})

test('what is left of it is sent on as it is, rounded up by little', t => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99_999_999_000_000 }), us => {
      const again = timeoutUs(timeoutText(us)) ?? 0
      t.true(again >= us && again <= us * 1.00002 + 1, `${us} ${again}`)
    }),
  )
  t.is(timeoutText(-5), '1u')
})

test('a status counts as the HTTP status that it stands for', t => {
  const kinds = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, kindOfCall(String(i))]))
  const client = [1, 3, 5, 6, 7, 8, 9, 10, 11, 16]
  for (const [code, kind] of Object.entries(kinds)) {
    const expected = code === '0' ? 'ok' : client.includes(Number(code)) ? 'client' : 'server'
    t.is(kind, expected, code)
  }
  t.is(kindOfCall(undefined), 'server')
})

test('grpc-message is percent-encoded, and nothing else is changed', t => {
  t.is(messageText('100 % of "it": ~'), '100 %25 of "it": ~')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => {
      const said = messageText(text)
      t.regex(said, /^[ -~]*$/)
      t.is(decodeURIComponent(said), text.toWellFormed())
    }),
  )
})

test('the pushback follows the drain rate, between 50 ms and 30 s', t => {
  t.is(pushbackMs(0, 0, 0.5), 30_000)
  t.is(pushbackMs(4, 10, 0), 500)
  t.is(pushbackMs(4, 10, 1), 1000)
  t.is(pushbackMs(0, 1000, 0), 50)
  t.is(pushbackMs(1000, 1, 0), 30_000)
})
