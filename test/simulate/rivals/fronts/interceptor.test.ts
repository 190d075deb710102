import test from 'ava'
import { Random } from '../../../../simulate/random.ts'
import { Interceptor } from '../../../../simulate/rivals/fronts/interceptor.ts'
import { frontPod, ids, request } from './requests.ts'

test('holds while nothing is ready, then passes all on at once, in order', t => {
  const front = new Interceptor(new Random(1), 'random')
  for (let i = 0; i < 5; i++) t.deepEqual(front.arrive(request(i), i), { send: [], refuse: [] })
  front.left(request(3), 5)
  t.is(front.waiting, 4)
  t.is(front.pods([frontPod('a', false)], 6).send.length, 0)
  t.is(front.nextUs(), Infinity)
  const { send } = front.pods([frontPod('a')], 7)
  t.deepEqual(ids(send.map(({ request: one }) => one)), [0, 1, 2, 4])
  t.is(front.waiting, 0)
})

test('holds nothing while a pod is ready, however full; holds again when none is', t => {
  const front = new Interceptor(new Random(1), 'random')
  front.pods([frontPod('a', true, 1000)], 0)
  t.is(front.arrive(request(1), 0).send.length, 1)
  t.deepEqual(ids(front.refused(request(1), 1).refuse), [1])
  front.pods([frontPod('a', false)], 2)
  front.arrive(request(2), 3)
  t.is(front.waiting, 1)
})

test('a hold may have an end', t => {
  const front = new Interceptor(new Random(1), 'random', 1000)
  front.arrive(request(1), 5)
  t.is(front.nextUs(), 1005)
  t.deepEqual(ids(front.wake(1005).refuse), [1])
})
