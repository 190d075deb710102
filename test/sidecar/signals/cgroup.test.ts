import { fileURLToPath } from 'node:url'
import test from 'ava'
import fc from 'fast-check'
import {
  allowedCores,
  parseBytes,
  parseCpuMax,
  parseMemberships,
  parseMounts,
  readBounds,
} from '../../../sidecar/signals/cgroup.ts'
import { plant } from './tree.ts'

const recorded = fileURLToPath(new URL('../../fixtures/proc/tree/before', import.meta.url))
const GIB = 1_073_741_824
const v2Mount = (root: string) =>
  `30 23 0:26 ${root} /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n`
const v1Mount = (controllers: string, root: string) =>
  `33 31 0:30 ${root} /sys/fs/cgroup/${controllers} ro,nosuid master:9 - cgroup cgroup rw,${controllers}\n`

test('a recorded v1 machine with an empty v2 beside it: no quota, no limit', t => {
  const bounds = readBounds(9512, recorded)
  t.deepEqual([bounds.quota, bounds.memoryLimit], [null, null])
  t.true((bounds.memoryBytes ?? 0) > 0)
  t.is(allowedCores(9512, recorded), 2000)
})

test('v2 in a container with its own namespace', t => {
  const root = plant(t, {
    'proc/7/cgroup': '0::/\n',
    'proc/self/mountinfo': v2Mount('/'),
    'sys/fs/cgroup/cpu.max': '150000 100000\n',
    'sys/fs/cgroup/memory.max': `${2 * GIB}\n`,
    'sys/fs/cgroup/memory.current': '5000\n',
    'sys/fs/cgroup/memory.stat': 'anon 1\ninactive_file 3000\nactive_file 9\n',
  })
  t.deepEqual(readBounds(7, root), { quota: 1500, memoryLimit: 2 * GIB, memoryBytes: 2000 })
})

test('v2: the tightest of the group and those above it', t => {
  const leaf = 'sys/fs/cgroup/kubepods.slice/pod1.slice/model.scope'
  const root = plant(t, {
    'proc/7/cgroup': '0::/kubepods.slice/pod1.slice/model.scope\n',
    'proc/self/mountinfo': v2Mount('/'),
    [`${leaf}/cpu.max`]: 'max 100000\n',
    [`${leaf}/memory.max`]: `${4 * GIB}\n`,
    [`${leaf}/memory.current`]: '77\n',
    'sys/fs/cgroup/kubepods.slice/pod1.slice/cpu.max': '50000 100000\n',
    'sys/fs/cgroup/kubepods.slice/pod1.slice/memory.max': 'max\n',
    'sys/fs/cgroup/kubepods.slice/cpu.max': '400000 100000\n',
    'sys/fs/cgroup/kubepods.slice/memory.max': `${GIB}\n`,
  })
  t.deepEqual(readBounds(7, root), { quota: 500, memoryLimit: GIB, memoryBytes: 77 })
})

test('v1 in a container: the mount shows the group itself', t => {
  const group = '/docker/0a1b'
  const cpu = 'sys/fs/cgroup/cpu,cpuacct'
  const root = plant(t, {
    'proc/7/cgroup': `5:cpu,cpuacct:${group}\n4:memory:${group}\n1:name=systemd:${group}\n`,
    'proc/self/mountinfo': v1Mount('cpu,cpuacct', group) + v1Mount('memory', group),
    [`${cpu}/cpu.cfs_quota_us`]: '25000\n',
    [`${cpu}/cpu.cfs_period_us`]: '50000\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': `${GIB}\n`,
    'sys/fs/cgroup/memory/memory.usage_in_bytes': '900\n',
    'sys/fs/cgroup/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 400\n',
  })
  t.deepEqual(readBounds(7, root), { quota: 500, memoryLimit: GIB, memoryBytes: 500 })
})

test('hybrid: CPU in v1, memory in v2', t => {
  const root = plant(t, {
    'proc/7/cgroup': '3:cpu:/a/b\n0::/a/b\n',
    'proc/self/mountinfo':
      v1Mount('cpu', '/') + '41 31 0:38 / /sys/fs/cgroup/uni\\040fied rw - cgroup2 cgroup2 rw\n',
    'sys/fs/cgroup/cpu/a/cpu.cfs_quota_us': '300000\n',
    'sys/fs/cgroup/cpu/a/cpu.cfs_period_us': '100000\n',
    'sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us': '-1\n',
    'sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us': '100000\n',
    'sys/fs/cgroup/uni fied/a/b/memory.max': '1000\n',
  })
  t.deepEqual(readBounds(7, root), { quota: 3000, memoryLimit: 1000, memoryBytes: null })
})

test("another container's group is not ours to see", t => {
  const nothing = { quota: null, memoryLimit: null, memoryBytes: null }
  const files = { 'sys/fs/cgroup/cpu.max': '1000 100000\n', 'sys/fs/cgroup/memory.max': '5\n' }
  const sibling = plant(t, {
    ...files,
    'proc/7/cgroup': '0::/../other\n',
    'proc/self/mountinfo': v2Mount('/'),
  })
  t.deepEqual(readBounds(7, sibling), nothing)
  const apart = plant(t, {
    ...files,
    'proc/7/cgroup': '0::/pod/b\n',
    'proc/self/mountinfo': v2Mount('/pod/a'),
  })
  t.deepEqual(readBounds(7, apart), nothing)
  t.deepEqual(readBounds(7, plant(t, {})), nothing)
})

test('cores: the list of the process as far as they are online', t => {
  const root = plant(t, {
    'proc/7/status': 'Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t0-7\n',
    'proc/8/status': 'Name:\tx\n',
    'sys/devices/system/cpu/online': '0-3\n',
  })
  t.is(allowedCores(7, root), 4000)
  t.is(allowedCores(8, root), null)
})

test('quotas and limits that are none', t => {
  for (const text of ['max 100000', 'max', '', '-1 100000', '5 0', 'x y'])
    t.is(parseCpuMax(text), null, text)
  for (const text of ['max\n', '9223372036854771712\n', '', '-1', 'x'])
    t.is(parseBytes(text), null, text)
  t.is(parseCpuMax('100 100000'), 1)
  t.is(parseBytes('0\n'), 0)
})

test('any text gives an answer', t => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      parseMemberships(text)
      parseMounts(`1 2 3 ${text} - cgroup2 ${text}`)
      return Array.isArray(parseMounts(text))
    }),
  )
  t.pass()
})
