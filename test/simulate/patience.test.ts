import test from 'ava'
import type { Request } from '../../simulate/path/request.ts'
import { Patience } from '../../simulate/patience.ts'

const request = (id: number, arrivedUs: number, tries = 0): Request => ({
  id,
  kind: 0,
  bornUs: 0,
  arrivedUs,
  tries,
  startedUs: null,
  pod: null,
})

test('clients give up after their time-out, in order of arrival', t => {
  const patience = new Patience({ timeoutUs: 100, againUs: () => null })
  t.true(patience.watch(request(1, 0)))
  t.true(patience.watch(request(2, 50)))
  t.is(patience.nextUs, 100)
  t.deepEqual(patience.due(120), [{ what: 'gone', id: 1 }])
  t.is(patience.nextUs, 150)
  t.deepEqual(patience.due(150), [{ what: 'gone', id: 2 }])
  t.is(patience.nextUs, Infinity)
})

test('what came to nothing comes again when its client says so, the earliest first', t => {
  const waits = [300, 100, 200]
  const patience = new Patience({ timeoutUs: Infinity, againUs: tries => waits[tries] ?? null })
  t.false(patience.watch(request(1, 0)))
  for (const tries of [0, 1, 2]) t.true(patience.again(request(tries, 0, tries), 'rejected', 0))
  t.false(patience.again(request(9, 0, 3), 'rejected', 0))
  t.is(patience.nextUs, 100)
  const tries = patience.due(250).map(turn => (turn.what === 'again' ? turn.tries : -1))
  t.deepEqual(tries, [2, 3])
  t.is(patience.nextUs, 300)
})

test('many watched clients are forgotten once their time is over', t => {
  const patience = new Patience({ timeoutUs: 1, againUs: () => null })
  let gone = 0
  for (let i = 0; i < 25_000; i++) {
    patience.watch(request(i, i))
    gone += patience.due(i).length
  }
  t.is(gone, 24_999)
  t.is(patience.nextUs, 25_000)
})
