import { cpSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import fc from 'fast-check'
import {
  lifeOf,
  parseCpuList,
  parseResident,
  parseStat,
  processTree,
  usedBetween,
} from '../../../sidecar/signals/process.ts'
import type { ProcessStat } from '../../../sidecar/signals/process.ts'
import { plant, statLine, write } from './tree.ts'

const recorded = fileURLToPath(new URL('../../fixtures/proc/tree/', import.meta.url))
const status =
  'Name:\tmodel\nVmRSS:\t  1000 kB\nRssAnon:\t 600 kB\nRssFile:\t 300 kB\nRssShmem:\t 100 kB\n'

test('reads a stat line whatever the process is called', t => {
  const stat = parseStat(
    statLine(42, { parent: 7, own: 12, reaped: 3, threads: 5, started: 999, name: 'a) b (c' }),
  )
  t.deepEqual(stat, {
    pid: 42,
    parent: 7,
    ownUs: 120_000,
    reapedUs: 30_000,
    threads: 5,
    started: 999,
  })
  for (const text of ['', 'no stat', '12 (x', '12 (x) S 1 2']) t.is(parseStat(text), null, text)
})

test('reads resident memory, with and without its parts', t => {
  t.deepEqual(parseResident(status), { bytes: 1_024_000, shared: 409_600 })
  t.deepEqual(parseResident('VmRSS:\t 8 kB\n'), { bytes: 8192, shared: 0 })
  t.deepEqual(parseResident('State:\tZ (zombie)\n'), { bytes: 0, shared: 0 })
})

test('reads lists of CPUs', t => {
  t.deepEqual([...parseCpuList('0-2,8\n')], [0, 1, 2, 8])
  for (const text of ['', 'x', '-1', '1-', '3-1']) t.is(parseCpuList(text).size, 0, text)
})

test('a recorded tree: four processes, then one ended and was waited for', t => {
  const root = plant(t, {})
  cpSync(`${recorded}before`, root, { recursive: true })
  const tree = processTree(9512, root)
  const usage = tree.read()
  t.deepEqual([usage?.processes, usage?.us], [4, 0])
  t.true((usage?.bytes ?? 0) > 10_000_000 && (usage?.bytes ?? 0) < 40_000_000)
  rmSync(`${root}/proc`, { recursive: true })
  cpSync(`${recorded}after`, root, { recursive: true })
  const later = tree.read()
  t.deepEqual([later?.processes, later?.us], [3, 200_000])
})

test('of a child that ended only what was not counted yet is added', t => {
  const lives = (rows: [number, number, number][]) =>
    new Map(
      rows
        .map(([pid, own, reaped]) => {
          const stat = parseStat(statLine(pid, { own, reaped }))
          return [stat === null ? '' : lifeOf(stat), stat] as const
        })
        .filter((row): row is readonly [string, ProcessStat] => row[1] !== null),
    )
  // The numbers of the recorded tree.
  const before = lives([
    [9512, 3, 0],
    [9513, 19, 0],
    [9514, 48, 0],
    [9516, 32, 0],
  ])
  t.is(
    usedBetween(
      before,
      lives([
        [9512, 3, 52],
        [9513, 19, 0],
        [9514, 48, 0],
      ]),
    ),
    200_000,
  )
  // Ended and never waited for: the others' work still counts.
  t.is(
    usedBetween(
      before,
      lives([
        [9512, 5, 0],
        [9513, 19, 0],
        [9514, 48, 0],
      ]),
    ),
    20_000,
  )
  // Began and ended between the two looks.
  t.is(
    usedBetween(
      before,
      lives([
        [9512, 3, 7],
        [9513, 19, 0],
        [9514, 48, 0],
        [9516, 32, 0],
      ]),
    ),
    70_000,
  )
})

function family(own: number, extra: Record<string, string> = {}): Record<string, string> {
  return {
    'proc/10/stat': statLine(10, { own, threads: 2 }),
    'proc/10/status': status,
    'proc/10/task/10/children': '11 ',
    'proc/10/task/15/children': '12 ',
    'proc/11/stat': statLine(11, { parent: 10, own: 5 }),
    'proc/11/status': status,
    'proc/11/task/11/children': '',
    'proc/12/stat': statLine(12, { parent: 10, own: 1 }),
    'proc/12/status': status,
    'proc/12/task/12/children': '',
    'proc/99/stat': statLine(99, { own: 50_000 }),
    ...extra,
  }
}

test('finds children of every thread, and counts shared pages once', t => {
  const root = plant(t, family(3))
  const tree = processTree(10, root)
  t.deepEqual(tree.read(), { us: 0, bytes: 3 * 600 * 1024 + 400 * 1024, processes: 3 })
  write(root, family(9, { 'proc/11/stat': statLine(11, { parent: 10, own: 7 }) }))
  t.is(tree.read()?.us, 80_000)
  t.is(tree.read()?.us, 0)
})

test('a pid given out again is another process', t => {
  const root = plant(t, family(3))
  const tree = processTree(10, root)
  tree.read()
  write(root, { 'proc/11/stat': statLine(11, { parent: 10, own: 2, started: 200 }) })
  t.is(tree.read()?.us, 20_000)
  write(root, { 'proc/10/stat': statLine(10, { own: 1, started: 300 }) })
  t.is(tree.read(), null)
})

test('a child that the kernel leaves out of a list for a moment is not counted anew', t => {
  const root = plant(t, family(3, { 'proc/11/stat': statLine(11, { parent: 10, own: 90_000 }) }))
  const tree = processTree(10, root)
  tree.read()
  write(root, { 'proc/10/task/10/children': '' })
  t.deepEqual(
    [tree.read()].map(usage => [usage?.us, usage?.processes]),
    [[0, 3]],
  )
  write(root, { 'proc/10/task/10/children': '11 ' })
  t.is(tree.read()?.us, 0)
})

test('without the children files the parents of all processes tell', t => {
  const files = Object.entries(family(3)).filter(([path]) => !path.includes('/task/'))
  const root = plant(t, Object.fromEntries(files))
  t.is(processTree(10, root).read()?.processes, 3)
})

test('many threads: children are looked up at every fifth read', t => {
  const root = plant(t, family(3, { 'proc/10/stat': statLine(10, { threads: 200 }) }))
  const tree = processTree(10, root)
  tree.read()
  write(root, {
    'proc/12/task/12/children': '13',
    'proc/13/stat': statLine(13, { parent: 12, own: 4 }),
    'proc/13/status': '',
  })
  const seen = [1, 2, 3, 4, 5].map(() => tree.read())
  t.deepEqual(
    seen.map(usage => usage?.processes),
    [3, 3, 3, 3, 4],
  )
  t.is(seen[4]?.us, 40_000)
})

test('a root that is gone is null, not zero', t => {
  const root = plant(t, family(3))
  const tree = processTree(10, root)
  tree.read()
  rmSync(`${root}/proc/10`, { recursive: true })
  t.is(tree.read(), null)
  t.is(processTree(4_000_000, root).read(), null)
})

test('CPU never goes backwards, whoever comes and goes', t => {
  const stat = fc.record({
    pid: fc.nat(6),
    started: fc.nat(2),
    ownUs: fc.nat(100),
    reapedUs: fc.nat(100),
  })
  const life = fc
    .array(stat, { maxLength: 6 })
    .map(
      stats =>
        new Map(
          stats.map(one => [
            lifeOf({ ...one, parent: 1, threads: 1 }),
            { ...one, parent: 1, threads: 1 },
          ]),
        ),
    )
  fc.assert(fc.property(life, life, (before, after) => usedBetween(before, after) >= 0))
  t.pass()
})

test('this very process is measured on Linux', t => {
  const tree = processTree(process.pid)
  const usage = tree.read()
  if (process.platform !== 'linux') t.is(usage, null)
  else t.true((usage?.bytes ?? 0) > 1_000_000)
})
