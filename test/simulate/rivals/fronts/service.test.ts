import test from 'ava'
import { Random } from '../../../../simulate/random.ts'
import { Service } from '../../../../simulate/rivals/fronts/service.ts'
import { frontPod, ids, request } from './requests.ts'

/** Where so many requests go. */
function spread(service: Service, count: number): Map<string, number> {
  const counts = new Map<string, number>()
  for (let i = 0; i < count; i++) {
    for (const { pod } of service.arrive(request(i), 0).send) {
      counts.set(pod, (counts.get(pod) ?? 0) + 1)
    }
  }
  return counts
}

test('any ready pod by chance, none that is not', t => {
  const service = new Service('random', new Random(1))
  service.pods([frontPod('a'), frontPod('b', false), frontPod('c', true, 50)], 0)
  const counts = spread(service, 1000)
  t.deepEqual([...counts.keys()].toSorted(), ['a', 'c'])
  t.true(Math.abs((counts.get('a') ?? 0) - 500) < 80)
})

test('the emptier of two', t => {
  const service = new Service('two', new Random(1))
  service.pods([frontPod('a', true, 1), frontPod('b', true, 2), frontPod('c', true, 3)], 0)
  const counts = spread(service, 900)
  // a wins both of its pairs, b one, c none.
  t.true(Math.abs((counts.get('a') ?? 0) - 600) < 60)
  t.is(counts.get('c'), undefined)
  service.pods([frontPod('c', true, 3)], 0)
  t.is(spread(service, 10).get('c'), 10)
})

test('without a ready pod the connection is refused; what a pod turns away is turned away', t => {
  const service = new Service('random', new Random(1))
  t.deepEqual(ids(service.arrive(request(1), 0).refuse), [1])
  service.pods([frontPod('a', false)], 0)
  t.deepEqual(ids(service.arrive(request(2), 0).refuse), [2])
  t.deepEqual(ids(service.refused(request(3), 0).refuse), [3])
  t.is(service.waiting, 0)
})

test('a refused connection: kube-proxy leaves it to the client, Envoy tries two others that it has not tried', t => {
  const pods = ['a', 'b', 'c', 'd'].map(name => frontPod(name))
  const plain = new Service('random', new Random(1))
  plain.pods(pods, 0)
  t.deepEqual(ids(plain.unsent({ ...request(1), pod: 'a' }, 0).fail ?? []), [1])
  const envoy = new Service('two', new Random(1))
  envoy.pods(pods, 0)
  const one = request(1)
  const tried: string[] = []
  let routed = envoy.arrive(one, 0)
  for (; routed.send.length > 0; routed = envoy.unsent(one, 0)) {
    one.pod = routed.send[0]?.pod ?? ''
    tried.push(one.pod)
  }
  t.deepEqual(ids(routed.fail ?? []), [1])
  t.is(tried.length, 3)
  t.is(new Set(tried).size, 3)
})
