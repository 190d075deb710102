import test from 'ava'
import type { Override } from '../../core/model/decision.ts'
import type { PlatformEndpoint, PlatformReplica } from '../../core/model/tables.ts'
import { saysOf } from '../../controller/says.ts'

const NOW = 1_000_000

function replica(name: string, changed: Partial<PlatformReplica> = {}): PlatformReplica {
  const common = { revision: 'r', address: null, admin: null, restarts: 0, ready: null }
  return { replica: name, ...common, state: 'ready', started: 0, why: null, ...changed }
}

function said(
  replicas: PlatformReplica[] = [],
  parts: Partial<PlatformEndpoint> = {},
  overrides: Override[] = [],
): string[] {
  const endpoint = { endpoint: 'ml/m', revision: 'r', port: 0, desired: 1, replicas, ...parts }
  return saysOf(endpoint, overrides, NOW)
}

const away = (name: string, state: PlatformReplica['state'], why: string, ageMs = 60_000) =>
  replica(name, { state, why, started: NOW - ageMs })

test('nothing while all is well, and while replicas just start or leave', t => {
  t.deepEqual(said(), [])
  t.deepEqual(said([replica('a')], { why: null, held: 0 }), [])
  t.deepEqual(said([away('a', 'starting', 'not ready: app', 5000)]), [])
  t.deepEqual(said([away('a', 'draining', 'leaving'), away('b', 'ready', 'x')]), [])
})

test('why replicas are missing, in the words of the platform, each reason once', t => {
  const unschedulable = 'Unschedulable: 0/3 nodes are available: 3 Insufficient cpu.'
  t.deepEqual(
    said(
      [
        away('m-a', 'failed', 'app: ImagePullBackOff'),
        away('m-b', 'starting', unschedulable),
        away('m-c', 'starting', unschedulable),
      ],
      { why: 'no more pods: FailedCreate: exceeded quota' },
    ),
    [
      'no more pods: FailedCreate: exceeded quota.',
      `2 replicas: ${unschedulable}`,
      'm-a: app: ImagePullBackOff.',
    ],
  )
  const many = Array.from({ length: 40 }, (_, i) => away(`m-${i}`, 'not-ready', `reason ${i}`))
  t.deepEqual(said(many).slice(3), ['37 more are not ready for other reasons.'])
})

test('what waits elsewhere, and who decides instead', t => {
  const by = (who: string | null, what = 'freeze'): Override => ({
    what,
    value: what === 'freeze' ? '"replicas"' : '4',
    who,
    until: null,
  })
  t.deepEqual(said([], { held: 1 }), ['1 request waits at the load balancer in front.'])
  t.deepEqual(
    said([], { held: 7 }, [
      by('HorizontalPodAutoscaler ml/h'),
      by('ann'),
      { ...by(null, 'replicas'), until: 0 },
    ]),
    [
      '7 requests wait at the load balancer in front.',
      'HorizontalPodAutoscaler ml/h scales it already, so no replicas are set here.',
      'ann set freeze to "replicas".',
      'Someone set replicas to 4 until 1970-01-01T00:00:00.000Z.',
    ],
  )
})

test('no word of a pod steers the terminal', t => {
  t.deepEqual(said([away('m', 'failed', 'a\u001b[2Jb\u202ec\nd')]), ['m: a?[2Jb?c?d.'])
})
