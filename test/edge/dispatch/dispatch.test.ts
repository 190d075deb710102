import test from 'ava'
import type { Action } from '../../../edge/dispatch/action.ts'
import { Dispatch } from '../../../edge/dispatch/dispatch.ts'

const MS = 1000
const terms = (names: string[], extra: Partial<Parameters<Dispatch['table']>[0]> = {}) => ({
  limit: 1,
  queueUs: 1000 * MS,
  holdUs: 30_000 * MS,
  growing: false,
  maxReplicas: 4,
  replicas: names.map(replica => ({ replica, ready: true })),
  ...extra,
})
const sent = (actions: Action[]): string[] =>
  actions.flatMap(one => (one.kind === 'send' ? [`${one.id}@${one.replica}`] : []))
const rejected = (actions: Action[]): string[] =>
  actions.flatMap(one => (one.kind === 'reject' ? [`${one.id} ${one.reason}`] : []))
/** Arrives with a body that can't be sent again, so that no full replica is tried with it. */
const arriveOnce = (d: Dispatch, id: number, clientUs: number, nowUs: number): void => {
  const tried = d.arrive(id, clientUs, nowUs).some(one => one.kind === 'send' && one.probing)
  if (tried) d.refused(id, { effective: 1, inFlight: 1 }, false, nowUs)
  d.unreplayable(id)
}
const start = (names: string[], extra = {}): Dispatch => {
  const dispatch = new Dispatch(() => 0)
  dispatch.table(terms(names, extra), 0)
  return dispatch
}

test('in calm the oldest goes first, and a slot that frees takes the next', t => {
  const d = start(['a'])
  t.deepEqual(sent(d.arrive(0, Infinity, 0)), ['0@a'])
  t.deepEqual(sent(d.arrive(1, Infinity, 1)), [])
  t.deepEqual(sent(d.arrive(2, Infinity, 2)), [])
  t.deepEqual(sent(d.done(0, 'good', 10, 3)), ['1@a'])
  t.deepEqual(sent(d.done(1, 'good', 10, 4)), ['2@a'])
  t.is(d.inFlight, 1)
})

test('a refusal puts the request back at its place and marks the replica full for 100 ms', t => {
  const d = start(['a'], { limit: 3 })
  t.deepEqual(sent(d.arrive(0, Infinity, 0)), ['0@a'])
  t.deepEqual(sent(d.refused(0, { effective: 3, inFlight: 3 }, false, 1)), [])
  t.deepEqual(sent(d.arrive(1, Infinity, 2)), [])
  t.deepEqual(sent(d.tick(99 * MS)), [])
  const tries = d.tick(101 * MS)
  t.deepEqual(tries, [{ kind: 'send', id: 0, replica: 'a', probing: true }])
  t.deepEqual(sent(d.tick(150 * MS)), [], 'one try at a time')
  t.deepEqual(sent(d.answered(0, { effective: 5, inFlight: 4 }, 151 * MS)), ['1@a'])
})

test('held too long is late; a full queue turns the newcomer away', t => {
  const d = start(['a'])
  d.arrive(0, Infinity, 0)
  for (let id = 1; id <= 64; id++) d.arrive(id, Infinity, 1)
  t.deepEqual(rejected(d.arrive(65, Infinity, 2)), ['65 full'])
  t.is(rejected(d.tick(1000 * MS + 1)).length, 64)
  t.is(d.heldCount, 0)
})

test('a full queue turns away its oldest when that is late already', t => {
  const d = start([])
  d.arrive(0, Infinity, 0)
  for (let id = 1; id < 64; id++) d.arrive(id, Infinity, 900 * MS)
  t.deepEqual(rejected(d.arrive(64, Infinity, 1500 * MS)), ['0 full'])
  t.deepEqual(rejected(d.arrive(65, Infinity, 1500 * MS)), ['65 full'])
  t.is(d.heldCount, 64)
})

test('a client that waits for less is turned away sooner', t => {
  const d = start(['a'])
  d.arrive(0, Infinity, 0)
  d.arrive(1, 50 * MS, 0)
  t.deepEqual(rejected(d.tick(50 * MS)), ['1 late'])
})

test('under overload the newest that can still be on time goes first, in calm again the oldest', t => {
  const d = start(['a'], { holdUs: 1000 * MS })
  arriveOnce(d, 0, Infinity, 0)
  arriveOnce(d, 1, Infinity, 0)
  d.tick(260 * MS)
  arriveOnce(d, 2, Infinity, 700 * MS)
  arriveOnce(d, 3, 760 * MS, 710 * MS)
  d.tick(770 * MS)
  t.deepEqual(sent(d.done(0, 'good', 10, 780 * MS)), ['2@a'])
  t.deepEqual(sent(d.done(2, 'good', 10, 790 * MS)), ['1@a'])
  arriveOnce(d, 4, Infinity, 800 * MS)
  arriveOnce(d, 5, Infinity, 801 * MS)
  t.deepEqual(sent(d.done(1, 'good', 10, 810 * MS)), ['4@a'])
})

test('a queue that stands low for long is an overload, one that comes and goes is none', t => {
  const d = start(['a'])
  arriveOnce(d, 0, Infinity, 0)
  const next = (id: number, done: number, at: number): string[] => {
    arriveOnce(d, id, Infinity, at - 60 * MS)
    arriveOnce(d, id + 1, Infinity, at - 30 * MS)
    return sent(d.done(done, 'good', 10, at))
  }
  t.deepEqual(next(1, 0, 100 * MS), ['1@a'])
  t.deepEqual(sent(d.done(1, 'good', 10, 110 * MS)), ['2@a'])
  t.deepEqual(next(3, 2, 400 * MS), ['3@a'], 'nobody waited between')
  d.tick(500 * MS)
  d.tick(990 * MS)
  t.deepEqual(next(5, 3, 1000 * MS), ['6@a'], '4 has waited for 600 ms')
})

test('a queue that stands for a fifth of a second is an overload, however long requests take', t => {
  const next = (queueUs: number, at: number): string[] => {
    const d = start(['a'], { queueUs })
    arriveOnce(d, 0, Infinity, 0)
    arriveOnce(d, 1, Infinity, 0)
    arriveOnce(d, 2, Infinity, 25 * MS)
    d.tick(at)
    return sent(d.done(0, 'good', 10, at))
  }
  t.deepEqual(next(60_000 * MS, 220 * MS), ['1@a'])
  t.deepEqual(next(60_000 * MS, 230 * MS), ['2@a'])
  t.deepEqual(next(200 * MS, 120 * MS), ['1@a'])
  t.deepEqual(next(200 * MS, 130 * MS), ['2@a'], 'sooner where they are quick')
})

test('without a replica requests are held longer, and one is asked for at most once a second', t => {
  const d = start([])
  t.deepEqual(d.arrive(0, Infinity, 0), [{ kind: 'activate' }])
  t.deepEqual(d.tick(500 * MS), [])
  t.deepEqual(d.tick(1000 * MS), [{ kind: 'activate' }])
  t.deepEqual(sent(d.table(terms(['a']), 5000 * MS)), ['0@a'])
  const gone = start([])
  gone.arrive(0, Infinity, 0)
  t.deepEqual(rejected(gone.tick(30_000 * MS)), ['0 no-replica'])
})

test('held requests get the longer time when the last replica goes', t => {
  const d = start(['a'])
  d.arrive(0, Infinity, 0)
  arriveOnce(d, 1, Infinity, 0)
  d.table(terms([]), 500 * MS)
  t.deepEqual(rejected(d.tick(2000 * MS)), [])
  t.deepEqual(sent(d.table(terms(['b']), 3000 * MS)), ['1@b'])
})

test('while there may be more replicas, who is late is held on, in a longer queue', t => {
  const d = start(['a'], { growing: true, maxReplicas: 100 })
  d.arrive(0, Infinity, 0)
  d.done(0, 'good', 500 * MS, 0)
  const { bound } = d
  d.arrive(1, Infinity, 0)
  arriveOnce(d, 2, Infinity, 0)
  t.deepEqual(rejected(d.tick(29_999 * MS)), [])
  t.deepEqual(sent(d.table(terms(['a', 'b'], { growing: true }), 29_999 * MS)), ['2@b'])
  arriveOnce(d, 3, Infinity, 30_000 * MS)
  t.deepEqual(rejected(d.tick(60_000 * MS)), ['3 late'])
  d.table(terms(['a'], { maxReplicas: 100 }), 60_000 * MS)
  t.true(d.bound < bound)
})

test('no more are held than there is memory for, which others may take and give back', t => {
  let most = 2
  const d = new Dispatch(
    () => 0,
    () => most,
  )
  d.table(terms(['a'], { maxReplicas: 100 }), 0)
  d.arrive(0, Infinity, 0)
  t.deepEqual(rejected(d.arrive(1, Infinity, 0)), [])
  t.deepEqual(rejected(d.arrive(2, Infinity, 0)), [])
  t.deepEqual(rejected(d.arrive(3, Infinity, 0)), ['3 full'])
  most = 1
  t.deepEqual(rejected(d.tick(MS)), [], 'what is held stays')
  t.deepEqual(rejected(d.arrive(4, Infinity, MS)), ['4 full'])
  most = 3
  t.deepEqual(rejected(d.arrive(5, Infinity, MS)), [])
})

test('a newcomer that takes the place of one that is late waits as long as others', t => {
  const d = start(['a'], { growing: true })
  d.arrive(0, Infinity, 0)
  for (let id = 1; id <= d.bound; id++) arriveOnce(d, id, Infinity, 0)
  t.deepEqual(rejected(d.arrive(1000, Infinity, 2000 * MS)), ['1 full'])
  t.false(rejected(d.tick(29_000 * MS)).some(one => one.startsWith('1000 ')))
})

test('who has been promised more time keeps it when there will be no more replicas', t => {
  const d = start(['a'])
  d.arrive(0, Infinity, 0)
  arriveOnce(d, 1, Infinity, 0)
  d.table(terms(['a'], { growing: true }), 900 * MS)
  d.table(terms(['a']), 950 * MS)
  t.deepEqual(rejected(d.tick(2000 * MS)), [])
  arriveOnce(d, 2, Infinity, 2000 * MS)
  t.deepEqual(rejected(d.tick(3000 * MS)), ['2 late'])
})

test('a failed connect costs a retry and rests the replica; without a retry left the request fails', t => {
  const d = start(['a', 'b'], { limit: 100 })
  const first = sent(d.arrive(0, Infinity, 0))
  t.deepEqual(first, ['0@a'])
  t.deepEqual(sent(d.unsent(0, 1)), ['0@b'])
  t.is(d.readyReplicas(2), 1)
  t.is(d.readyReplicas(200 * MS), 2)
  const poor = start(['a'], { holdUs: 1_000_000 * MS })
  poor.arrive(0, Infinity, 0)
  let retries = 0
  for (let now = 1; poor.unsent(0, now)[0]?.kind !== 'fail'; now += 6000 * MS) {
    retries++
    t.deepEqual(sent(poor.tick(now + 5999 * MS)), ['0@a'])
  }
  t.is(retries, 20)
})

test('sent with nothing back: again only if idempotent, and once', t => {
  const d = start(['a', 'b'])
  d.arrive(0, Infinity, 0)
  t.is(d.lost(0, false, 1)[0]?.kind, 'fail')
  d.arrive(1, Infinity, 200 * MS)
  t.is(sent(d.lost(1, true, 201 * MS)).length, 1)
  t.is(d.lost(1, true, 202 * MS)[0]?.kind, 'fail')
})

test('a replica that lost a request rests: what is held does not follow onto its dying connections', t => {
  const d = start(['a'])
  d.arrive(0, Infinity, 0)
  d.arrive(1, Infinity, 1)
  t.deepEqual(sent(d.lost(0, false, 2)), [])
  t.deepEqual(sent(d.tick(99 * MS)), [])
  t.deepEqual(sent(d.tick(103 * MS)), ['1@a'])
})

test('a body that can not be sent again is never a try', t => {
  const d = start(['a'])
  d.arrive(0, Infinity, 0)
  d.arrive(1, Infinity, 0)
  d.unreplayable(1)
  t.deepEqual(sent(d.tick(500 * MS)), [])
})

test('who leaves frees its place or slot at once', t => {
  const d = start(['a'])
  d.arrive(0, Infinity, 0)
  d.arrive(1, Infinity, 0)
  d.arrive(2, Infinity, 0)
  d.leave(1, 1)
  t.deepEqual(sent(d.leave(0, 2)), ['2@a'])
  t.is(d.heldCount, 0)
})

test('a replica that left the table or drains gets nothing new', t => {
  const d = start(['a', 'b'], { limit: 10 })
  d.table(terms(['b'], { limit: 10 }), 1)
  for (let id = 0; id < 5; id++) t.deepEqual(sent(d.arrive(id, Infinity, 2)), [`${id}@b`])
  t.deepEqual(sent(d.refused(0, null, true, 3)), [])
  t.deepEqual(sent(d.tick(10_000 * MS)), [])
})

test('a closed endpoint turns away all that is held', t => {
  const d = start([])
  d.arrive(0, Infinity, 0)
  t.deepEqual(rejected(d.close(1)), ['0 no-replica'])
})
