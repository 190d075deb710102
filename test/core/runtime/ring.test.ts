import test from 'ava'
import { RESUME } from '../../../core/model/sample.ts'
import { sampleRing, type SampleRing } from '../../../core/runtime/ring.ts'
import type { Answer, Ask } from '../../../core/runtime/admin.ts'

function asked(ring: SampleRing, query: string): Answer {
  const ask: Ask = {
    method: 'GET',
    path: '/v1/samples',
    query: new URLSearchParams(query),
    headers: {},
    params: {},
    json: () => Promise.resolve(undefined),
  }
  return ring.route.handle(ask) as Answer
}

/** What one who follows is sent, and how it leaves. */
function follower(ring: SampleRing, query: string): { got: number[]; leave(): void } {
  const got: number[] = []
  const answer = asked(ring, query)
  if (!('follow' in answer)) throw new Error('no stream')
  const leave = answer.follow(line => got.push((JSON.parse(line as string) as { n: number }).n) > 0)
  return { got, leave }
}

const body = (answer: Answer): string => ('body' in answer ? String(answer.body) : '')

test('seconds that are only kept are sent to nobody who follows, and to all who come', t => {
  const ring = sampleRing('b', () => 5)
  const early = follower(ring, 'follow=1&rest=1')
  ring.push(0, [{ n: 0 }])
  for (const n of [1, 2]) ring.keep(n, { n })
  ring.push(3, [{ n: 3 }])
  t.deepEqual(early.got, [0, 3])
  t.deepEqual(follower(ring, 'follow=1').got, [0, 1, 2, 3])
  t.deepEqual(follower(ring, 'follow=1&since=b:1').got, [2, 3])
  t.is(body(asked(ring, 'since=b:1')), '{"n":2}\n{"n":3}\n')
})

test('thirty seconds are kept', t => {
  const ring = sampleRing('b', () => 5)
  for (let n = 0; n < 40; n++) {
    if (n % 2 === 0) ring.push(n, [{ n }])
    else ring.keep(n, { n })
  }
  t.deepEqual(
    follower(ring, 'follow=1').got,
    Array.from({ length: RESUME }, (_, i) => 10 + i),
  )
})

test('it rests while each who follows knows rest: none is as good', t => {
  const ring = sampleRing('b', () => 5)
  t.true(ring.restful())
  const knows = follower(ring, 'follow=1&rest=1')
  t.true(ring.restful())
  const old = follower(ring, 'follow=1')
  t.false(ring.restful())
  old.leave()
  t.true(ring.restful())
  knows.leave()
  asked(ring, '')
  t.true(ring.restful(), 'who only looks is nobody to wait for')
})

test('whoever is about to read is announced before, so that what is over can be kept', t => {
  const told: boolean[] = []
  const ring = sampleRing(
    'b',
    () => 5,
    follows => {
      told.push(follows)
      ring.keep(told.length, { n: told.length })
    },
  )
  t.is(body(asked(ring, '')), '{"n":1}\n')
  t.deepEqual(follower(ring, 'follow=1').got, [1, 2])
  t.deepEqual(told, [false, true])
  t.throws(() => asked(ring, 'since=x'), { message: /since is written/ })
})
