import test from 'ava'
import type { Pod } from '../../../../controller/kubernetes/watch/objects.ts'
import { replicaOf } from '../../../../controller/kubernetes/watch/pod.ts'
import { platform } from '../../../../core/model/tables.ts'
import { check } from '../../../../core/model/schema.ts'
import { at, pod, T0 } from '../support/objects.ts'

type Status = NonNullable<Pod['status']>
const notReady = (seconds: number, message?: string): NonNullable<Status['conditions']> => [
  {
    type: 'Ready',
    status: 'False',
    lastTransitionTime: at(seconds),
    ...(message === undefined ? {} : { message }),
  },
]
const waiting = (reason: string, message?: string, last?: object): Status => ({
  conditions: notReady(0),
  containerStatuses: [
    {
      name: 'app',
      ready: false,
      restartCount: 4,
      state: { waiting: { reason, ...(message === undefined ? {} : { message }) } },
      ...(last === undefined ? {} : { lastState: { terminated: last } }),
    },
  ],
})

const cases: [string, Parameters<typeof pod>[2], string, string | null][] = [
  ['ready', {}, 'ready', null],
  ['leaving, though still ready', { leaving: true }, 'draining', null],
  ['no condition yet', { ready: null, status: { phase: 'Pending' } }, 'starting', 'starting'],
  [
    'unschedulable',
    {
      ready: null,
      status: {
        phase: 'Pending',
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: '0/1 nodes are available: 1 Insufficient cpu.',
          },
        ],
      },
    },
    'starting',
    'Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.',
  ],
  [
    'containers being made',
    { status: { ...waiting('ContainerCreating'), phase: 'Pending' } },
    'starting',
    'starting',
  ],
  [
    'an image that is not there',
    { status: waiting('ImagePullBackOff', 'Back-off pulling image "x"') },
    'failed',
    'app: ImagePullBackOff: Back-off pulling image "x"',
  ],
  [
    'out of memory again and again',
    {
      status: waiting('CrashLoopBackOff', 'back-off 40s', { reason: 'OOMKilled', exitCode: 137 }),
    },
    'failed',
    'app: CrashLoopBackOff: back-off 40s; it last ended with OOMKilled (exit code 137)',
  ],
  [
    'running, never ready',
    {
      status: {
        conditions: notReady(0, 'containers with unready status: [app]'),
        containerStatuses: [{ name: 'app', ready: false, state: {} }],
      },
    },
    'starting',
    'not ready: app',
  ],
  [
    'ready before, not now, also when we were not there to see it',
    {
      status: {
        conditions: notReady(60),
        containerStatuses: [
          { name: 'app', ready: false, lastState: { terminated: { reason: 'OOMKilled' } } },
        ],
      },
    },
    'not-ready',
    'not ready: app; it last ended with OOMKilled (exit code ?)',
  ],
  [
    'an init container that failed',
    {
      status: {
        phase: 'Pending',
        conditions: notReady(0),
        initContainerStatuses: [
          { name: 'model', state: { terminated: { reason: 'Error', exitCode: 2 } } },
        ],
      },
    },
    'starting',
    'model: ended (Error, exit code 2)',
  ],
  [
    'evicted',
    { ready: false, status: { phase: 'Failed', reason: 'Evicted', message: 'low on memory' } },
    'failed',
    'Evicted: low on memory',
  ],
]
for (const [what, parts, state, why] of cases) {
  test(`${what}: ${state}`, t => {
    const row = replicaOf(pod('shop/model', 'x', parts), null)
    t.is(row.state, state as never)
    t.is(row.why, why)
  })
}

test('addresses: rename and loopback mode, IPv6, none yet', t => {
  const row = (parts: Parameters<typeof pod>[2]): (string | null)[] => {
    const { address, admin } = replicaOf(pod('shop/model', 'x', parts), null)
    return [address, admin]
  }
  t.deepEqual(row({}), ['10.244.0.7:15080', '10.244.0.7:15021'])
  const loopback = { 'outrigger.dev/mode': 'loopback', 'outrigger.dev/app-port': '8000' }
  t.deepEqual(row({ annotations: loopback }), ['10.244.0.7:8000', '10.244.0.7:15021'])
  const moved = { 'outrigger.dev/admin-port': '15081' }
  t.deepEqual(row({ annotations: moved }), ['10.244.0.7:15080', '10.244.0.7:15081'])
  t.deepEqual(row({ status: { podIP: 'fd00::7' } }), ['[fd00::7]:15080', '[fd00::7]:15021'])
  t.deepEqual(row({ status: { podIP: '' } }), [null, null])
})

test('times, restarts and the revision; a row passes the schema of the contract, whatever the pod says', t => {
  const status = waiting('CrashLoopBackOff', 'x'.repeat(5000))
  const row = replicaOf(pod('shop/model', 'x', { created: 5, status }), T0 + 9000)
  t.like(row, { started: T0 + 5000, ready: T0 + 9000, restarts: 4, revision: 'revision0000000a' })
  t.is(replicaOf(pod('shop/model', 'x', {}), null).ready, T0 + 2000)
  const endpoint = { endpoint: 'a/b', revision: 'r', port: 0, desired: 1, replicas: [row] }
  const table = { v: 1, boot: 'b', version: 1, aggregator: 'h:1', edges: [], endpoints: [endpoint] }
  t.deepEqual(check(platform, table), { ok: true, value: table as never })
})
