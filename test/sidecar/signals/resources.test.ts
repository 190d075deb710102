import { rmSync } from 'node:fs'
import test from 'ava'
import {
  namedResources,
  resourceReader,
  selfReader,
  sharedResources,
} from '../../../sidecar/signals/resources.ts'
import { plant, statLine, write } from './tree.ts'

const model = (own: number, quota = '150000 100000') => ({
  'proc/7/stat': statLine(7, { own }),
  'proc/7/status': 'VmRSS:\t 100 kB\nCpus_allowed_list:\t0-3\n',
  'proc/7/task/7/children': '',
  'proc/7/cgroup': '0::/\n',
  'proc/self/mountinfo': '30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
  'sys/fs/cgroup/cpu.max': `${quota}\n`,
  'sys/fs/cgroup/memory.max': '5000000\n',
})

test('CPU and memory as a sample carries them', t => {
  const root = plant(t, model(10))
  const reader = resourceReader({ pid: 7, quota: null, memoryLimit: null, root })
  t.deepEqual(reader.read(), {
    cpu: { us: 0, quota: 1500 },
    memory: { bytes: 102_400, limit: 5_000_000 },
  })
  write(root, model(60))
  t.deepEqual(reader.read().cpu, { us: 500_000, quota: 1500 })
})

test('without a quota the cores allowed count; a quota that is told wins', t => {
  const root = plant(t, model(0, 'max 100000'))
  t.is(resourceReader({ pid: 7, quota: null, memoryLimit: null, root }).read().cpu?.quota, 4000)
  t.is(resourceReader({ pid: 7, quota: 250, memoryLimit: null, root }).read().cpu?.quota, 250)
  write(root, model(0, '900000 100000'))
  t.is(resourceReader({ pid: 7, quota: null, memoryLimit: null, root }).read().cpu?.quota, 4000)
})

test('a quota changed in place is seen within ten reads', t => {
  const root = plant(t, model(0))
  const reader = resourceReader({ pid: 7, quota: null, memoryLimit: null, root })
  reader.read()
  write(root, model(0, '50000 100000'))
  const quotas = Array.from({ length: 10 }, () => reader.read().cpu?.quota)
  t.deepEqual([quotas[0], quotas[9]], [1500, 500])
})

test('a model that is gone has neither', t => {
  const root = plant(t, model(0))
  const reader = resourceReader({ pid: 7, quota: null, memoryLimit: null, root })
  rmSync(`${root}/proc/7`, { recursive: true })
  t.deepEqual(reader.read(), { cpu: null, memory: null })
})

test("the sidecar's own cost is what it used since the last read", t => {
  const used = [
    { user: 100, system: 20 },
    { user: 150, system: 30 },
    { user: 150, system: 30 },
  ]
  const own = {
    cpuUsage: () => used.shift() ?? { user: 0, system: 0 },
    memoryUsage: { rss: () => 4096 },
  }
  const reader = selfReader(own)
  t.deepEqual(reader.read(12.4), { cpuUs: 60, rss: 4096, delayUs: 12 })
  t.deepEqual(reader.read(-5), { cpuUs: 0, rss: 4096, delayUs: 0 })
  t.true(selfReader(process).read(0).rss > 0)
})

test('its memory is read at once and then each ten reads', t => {
  let asked = 0
  const own = {
    cpuUsage: () => ({ user: 0, system: 0 }),
    memoryUsage: { rss: () => 4096 + asked++ },
  }
  const reader = selfReader(own)
  const seen = Array.from({ length: 21 }, () => reader.read(0).rss)
  t.is(asked, 3)
  t.deepEqual([seen[0], seen[9], seen[10], seen[20]], [4096, 4096, 4097, 4098])
})

test('a model that is started again is found by the id that its file then holds', t => {
  const root = plant(t, model(10))
  const file = `${root}/model.pid`
  const reader = namedResources({ file, quota: null, memoryLimit: null, root })
  t.deepEqual(reader.read(), { cpu: null, memory: null }, 'no file yet')
  write(root, { 'model.pid': '7' })
  t.is(reader.read().cpu?.us, 0)
  rmSync(`${root}/proc/7`, { recursive: true })
  t.deepEqual(reader.read(), { cpu: null, memory: null }, 'gone')
  write(root, {
    'model.pid': '8',
    'proc/8/stat': statLine(8, { own: 0 }),
    'proc/8/status': 'VmRSS:\t 10 kB\nCpus_allowed_list:\t0-3\n',
    'proc/8/task/8/children': '',
    'proc/8/cgroup': '0::/\n',
  })
  t.is(reader.read().memory?.bytes, 10_240)
})

test('a pod that shares its processes: limits as told, else the cores we may run on', t => {
  const root = plant(t, {
    'proc/1/stat': statLine(1, { parent: 0, name: 'pause' }),
    'proc/8/stat': statLine(8, { parent: 0, name: 'node' }),
    'proc/self/status': 'Cpus_allowed_list:\t0-1\n',
    'proc/20/stat': statLine(20, { parent: 0, own: 10 }),
    'proc/20/status': 'VmRSS:\t 100 kB\n',
  })
  const told = sharedResources({ own: 8, quota: 500, memoryLimit: 9000, root })
  const untold = sharedResources({ own: 8, quota: null, memoryLimit: null, root })
  t.deepEqual(told.read(), {
    cpu: { us: 0, quota: 500 },
    memory: { bytes: 102_400, limit: 9000 },
  })
  t.deepEqual(untold.read().cpu, { us: 0, quota: 2000 })
  write(root, { 'proc/20/stat': statLine(20, { parent: 0, own: 35 }) })
  t.deepEqual(told.read().cpu, { us: 250_000, quota: 500 })
  rmSync(`${root}/proc/20`, { recursive: true })
  t.deepEqual(told.read(), { cpu: null, memory: null }, 'a model that is not there')
})
