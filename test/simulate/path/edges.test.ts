import test from 'ava'
import { Edges } from '../../../simulate/path/edges.ts'
import type { FrontPod } from '../../../simulate/path/front.ts'
import { Random } from '../../../simulate/random.ts'
import { ids, request } from '../rivals/fronts/requests.ts'

const MS = 1000
const terms = {
  limit: 2,
  queueUs: 400 * MS,
  holdUs: 1000 * MS,
  growing: false,
  maxReplicas: 1,
  objectiveUs: null,
}

/** A pod that others keep full until `free`. */
function fullPod(): FrontPod & { free: boolean } {
  const pod = {
    name: 'a',
    ready: true,
    limit: 2,
    free: false,
    present: () => 0,
    slots: () => ({ effective: 2, inFlight: pod.free ? 0 : 2 }),
  }
  return pod
}

/** One request that a full pod has turned away, and what the edge does with it by when. */
function turnedAway(freeUs: number): { sentUs: number | null; refusedUs: number | null } {
  const edges = new Edges(2, terms, new Random(1))
  const pod = fullPod()
  edges.pods([pod], 0)
  const one = request(1)
  let sent = edges.arrive(one, 0).send
  for (let now = 0; now < 1000 * MS; now = edges.nextUs()) {
    pod.free = now >= freeUs
    const routed = now === 0 ? { send: sent, refuse: [] } : edges.wake(now)
    if (routed.refuse.length > 0) return { sentUs: null, refusedUs: now }
    sent = [...routed.send]
    if (sent.length === 0) continue
    if (pod.free) return { sentUs: now, refusedUs: null }
    one.pod = 'a'
    const back = edges.refused(one, now)
    if (ids(back.refuse).length > 0 || edges.waiting !== 1) return { sentUs: null, refusedUs: now }
  }
  return { sentUs: null, refusedUs: null }
}

test('what a full replica turns away goes back to the edge, and is tried again soon', t => {
  const { sentUs } = turnedAway(150 * MS)
  t.true(sentUs !== null && sentUs >= 150 * MS && sentUs < 300 * MS, `${sentUs}`)
})

test('it is turned away once its time in the queue is over', t => {
  const { refusedUs } = turnedAway(Infinity)
  t.true(refusedUs !== null && refusedUs >= 400 * MS && refusedUs < 420 * MS, `${refusedUs}`)
})
