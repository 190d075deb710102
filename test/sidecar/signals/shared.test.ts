import { rmSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import type { ProcessStat } from '../../../sidecar/signals/process.ts'
import { besides, sharedProcesses } from '../../../sidecar/signals/shared.ts'
import { plant, statLine, write } from './tree.ts'

const of = (pid: number, parent: number): ProcessStat => ({
  pid,
  parent,
  ownUs: 0,
  reapedUs: 0,
  threads: 1,
  started: pid,
})
const status = 'VmRSS:\t  1000 kB\nRssAnon:\t 600 kB\nRssFile:\t 300 kB\nRssShmem:\t 100 kB\n'

/** As a pod shows it: pause, the sidecar with a child, the model with a worker, and a shell beside. */
const pod = {
  'proc/1/stat': statLine(1, { parent: 0, own: 1, name: 'pause' }),
  'proc/1/status': status,
  'proc/7/stat': statLine(7, { parent: 0, own: 500, name: 'node' }),
  'proc/7/status': status,
  'proc/19/stat': statLine(19, { parent: 7, own: 90, name: 'nvidia-smi' }),
  'proc/20/stat': statLine(20, { parent: 0, own: 100, name: 'python) (x' }),
  'proc/20/status': status,
  'proc/21/stat': statLine(21, { parent: 20, own: 300, reaped: 5 }),
  'proc/21/status': status,
  'proc/40/stat': statLine(40, { parent: 0, own: 2, name: 'sh' }),
  'proc/self/stat': statLine(7),
  'proc/uptime': '1 1\n',
}

test("a pod's processes but the pause process, ours and our children", t => {
  const root = plant(t, pod)
  const others = sharedProcesses(7, root)
  t.deepEqual(others.read(), { us: 0, bytes: 2 * 614_400 + 409_600, processes: 3 })
  write(root, {
    'proc/1/stat': statLine(1, { parent: 0, own: 90, name: 'pause' }),
    'proc/7/stat': statLine(7, { parent: 0, own: 900, name: 'node' }),
    'proc/21/stat': statLine(21, { parent: 20, own: 340, reaped: 5 }),
    'proc/22/stat': statLine(22, { parent: 20, own: 3 }),
  })
  t.deepEqual(others.read()?.us, 430_000)
})

test('a container that is started again, and one that is not there', t => {
  const root = plant(t, pod)
  const others = sharedProcesses(7, root)
  others.read()
  for (const pid of [20, 21]) rmSync(`${root}/proc/${pid}`, { recursive: true })
  t.deepEqual(others.read(), { us: 0, bytes: 0, processes: 1 })
  write(root, { 'proc/60/stat': statLine(60, { parent: 0, own: 30, started: 900 }) })
  t.is(others.read()?.us, 300_000, 'all of a process that is new')
  for (const pid of [40, 60]) rmSync(`${root}/proc/${pid}`, { recursive: true })
  t.is(others.read(), null)
})

test('whoever descends from us is ours, whatever the numbers say', t => {
  const stats = [of(1, 0), of(7, 0), of(19, 7), of(30, 19), of(20, 0), of(21, 20), of(22, 99)]
  t.deepEqual(besides(stats, 7), [20, 21, 22])
  t.deepEqual(besides([of(2, 3), of(3, 2)], 7), [2, 3], 'no tree, and no end without a guard')
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.nat(30)), {
        selector: ([pid]) => pid,
      }),
      rows => {
        const all = rows.map(([pid, parent]) => of(pid, parent))
        const found = besides(all, 7)
        t.false(found.includes(1) || found.includes(7))
        t.false(all.some(({ pid, parent }) => parent === 7 && found.includes(pid)))
      },
    ),
  )
})
