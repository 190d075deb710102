import test from 'ava'
import fc from 'fast-check'
import type { Routed } from '../../../../simulate/path/front.ts'
import type { Request } from '../../../../simulate/path/request.ts'
import { Random } from '../../../../simulate/random.ts'
import { Activator } from '../../../../simulate/rivals/fronts/activator.ts'
import { Proxied } from '../../../../simulate/rivals/fronts/proxied.ts'
import { frontPod, ids, request } from './requests.ts'

function made(containerConcurrency: number): { front: Activator; proxied: Proxied } {
  const proxied = new Proxied()
  const random = new Random(1)
  const front = new Activator({ containerConcurrency, direct: 'random', proxied, random })
  return { front, proxied }
}

/** Where the next so many requests go, '-' for those that are held. */
function go(front: Activator, from: number, count: number): string {
  return Array.from(
    { length: count },
    (_, i) => front.arrive(request(from + i), 0).send[0]?.pod ?? '-',
  ).join('')
}

const three = ['a', 'b', 'c'].map(name => frontPod(name))

// pkg/activator/net/throttler.go: up to 3 the first with room, above in turn.
test('small limits fill one pod after the other; what finds no room is held, in order', t => {
  const { front } = made(2)
  t.is(go(front, 0, 1), '-')
  t.deepEqual(
    front.pods(three.toReversed(), 0).send.map(({ pod }) => pod),
    ['a'],
  )
  t.is(go(front, 1, 7), 'abbcc--')
  t.is(front.waiting, 2)
  const { send } = front.ended(request(2), true, 1)
  t.deepEqual(send, [{ request: request(6), pod: 'b' }])
})

// pkg/activator/net/lb_policy_test.go, TestRoundRobin: with two slots each, the turn goes past those that are full.
test('larger limits go in turn', t => {
  const { front } = made(4)
  front.pods(three, 0)
  t.is(go(front, 0, 4), 'abca')
  for (const id of [0, 3]) front.ended(request(id), true, 0)
  t.is(go(front, 10, 3), 'bca')
  t.is(go(front, 20, 8), 'bcabcaa-')
})

test('no limit: the emptier of two; held only without a pod', t => {
  const { front } = made(0)
  t.is(go(front, 0, 2), '--')
  t.is(front.pods(three.slice(0, 2), 0).send.length, 2)
  // Of two pods the emptier is known: they stay level.
  const pods = go(front, 10, 100)
  t.is(pods.split('a').length - 1, 50)
})

test('out of the way it only serves what it still holds; in it again when no pod is ready', t => {
  const { front, proxied } = made(1)
  front.pods(three.slice(0, 1), 0)
  t.is(go(front, 0, 2), 'a-')
  proxied.through = false
  t.is(go(front, 2, 5), 'aaaaa')
  t.is(front.waiting, 1)
  t.deepEqual(ids(front.ended(request(3), true, 0).send.map(sent => sent.request)), [])
  t.deepEqual(ids(front.ended(request(0), true, 0).send.map(sent => sent.request)), [1])
  front.pods([frontPod('a', false)], 0)
  t.is(go(front, 10, 1), '-')
  t.is(front.waiting, 1)
})

test('requests on a pod that leaves still count against the capacity of all', t => {
  const { front } = made(1)
  front.pods(three, 0)
  t.is(go(front, 0, 4), 'abc-')
  // Two pods, three out: one that ends makes two, which is what two may have.
  t.is(front.pods(three.slice(0, 2), 0).send.length, 0)
  t.is(front.ended(request(0), true, 0).send.length, 0)
  t.deepEqual(front.ended(request(2), true, 0).send[0]?.pod, 'a')
})

test('what a pod turns away is turned away, and makes room; a wait ends after 300 s', t => {
  const { front } = made(1)
  front.pods(three.slice(0, 1), 0)
  go(front, 0, 3)
  const { send, refuse } = front.refused(request(0), 1)
  t.deepEqual(ids(send.map(sent => sent.request)), [1])
  t.deepEqual(ids(refuse), [0])
  t.is(front.nextUs(), 300_000_000)
  t.deepEqual(ids(front.wake(300_000_000).refuse), [2])
})

test('the autoscaler learns what went by way of it: requests x us of a second', t => {
  const { front, proxied } = made(2)
  front.pods(three, 0)
  front.arrive(request(1), 250_000)
  front.arrive(request(2), 500_000)
  front.ended(request(1), true, 750_000)
  t.is(proxied.take(), 1_000_000)
  t.is(proxied.take(), 1_000_000)
  front.left(request(2), 2_100_000)
  t.is(proxied.take(), 100_000)
})

const WHAT = ['arrive', 'arrive', 'end', 'refuse', 'leave', 'pods', 'mode', 'wake'] as const

test('none is lost or given twice, and no pod gets more than its share', t => {
  const step = fc.tuple(fc.constantFrom(...WHAT), fc.nat(60))
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 2, 4), fc.array(step, { maxLength: 200 }), (limit, steps) => {
      const { front, proxied } = made(limit)
      const held = new Map<number, Request>()
      /** `counted`: by way of the activator, to a pod that has not been away since. */
      const out = new Map<number, { request: Request; pod: string; counted: boolean }>()
      let there = new Set<string>()
      let lastId = 0
      const take = ({ send, refuse }: Routed, counted: boolean): void => {
        for (const { request: one, pod } of send) {
          if (!held.delete(one.id)) throw new Error(`${one.id} given twice`)
          if (!there.has(pod)) throw new Error(`to ${pod}, which is not ready`)
          out.set(one.id, { request: one, pod, counted })
        }
        for (const { id } of refuse) if (!held.delete(id)) throw new Error(`${id} refused twice`)
      }
      for (const [what, which] of [['pods', 7] as const, ...steps]) {
        const outside = [...out.values()]
        const one = outside[which % Math.max(1, outside.length)]
        const any = [...held.values(), ...outside.map(sent => sent.request)]
        if (what === 'mode') proxied.through = which % 2 === 0
        else if (what === 'wake') take(front.wake(lastId), true)
        else if (what === 'arrive') {
          const next = request(++lastId)
          held.set(next.id, next)
          take(front.arrive(next, lastId), proxied.through || there.size === 0)
        } else if (what === 'pods') {
          const names = ['a', 'b', 'c', 'd'].filter((_, i) => (which >> i) % 2 === 1)
          there = new Set(names)
          for (const sent of outside) sent.counted &&= there.has(sent.pod)
          take(
            front.pods(
              names.map(name => frontPod(name)),
              lastId,
            ),
            true,
          )
        } else if (what === 'leave') {
          const gone = any[which % Math.max(1, any.length)]
          if (gone === undefined) continue
          held.delete(gone.id)
          out.delete(gone.id)
          take(front.left(gone, lastId), true)
        } else if (one !== undefined) {
          out.delete(one.request.id)
          if (what === 'refuse') held.set(one.request.id, one.request)
          if (what === 'end') take(front.ended(one.request, true, lastId), true)
          else take(front.refused(one.request, lastId), true)
        }
        if (front.waiting !== held.size) throw new Error('held')
        for (const name of there) {
          const mine = [...out.values()].filter(
            ({ counted, pod }) => counted && pod === name,
          ).length
          if (mine > (limit || Infinity)) throw new Error(`${name} holds ${mine}`)
        }
      }
    }),
  )
  t.pass()
})
