import test from 'ava'
import {
  parseCpuList,
  parseMemory,
  parsePerf,
  parseSchedstat,
  parseStat,
  treeOf,
} from '../../../bench/path/proc.ts'

test('a stat line: ids, and user and system time together, whatever the name holds', t => {
  const line =
    '4242 (nginx: a) (b) S 17 4242 17 0 -1 4194560 301 0 0 0 120 31 5 6 20 0 1 0 9000 1 2 3'
  t.deepEqual(parseStat(line), { pid: 4242, parent: 17, ticks: 151 })
  t.throws(() => parseStat('4242 (nginx) S 17'), { message: /expected a stat line/ })
})

test('a tree is a process, its children and theirs, and nobody else', t => {
  const stat = (pid: number, parent: number) => ({ pid, parent, ticks: 1 })
  const all = [stat(1, 0), stat(10, 1), stat(11, 10), stat(12, 11), stat(20, 1), stat(21, 20)]
  t.deepEqual(
    treeOf(10, all).map(({ pid }) => pid),
    [10, 11, 12],
  )
  t.deepEqual(treeOf(99, all), [])
})

test('memory is in bytes; shared pages count in full for RSS only', t => {
  const text =
    'Rss:               11000 kB\nPss:                4500 kB\nPrivate_Dirty:     3000 kB\n'
  t.deepEqual(parseMemory(text), { rss: 11_264_000, pss: 4_608_000, dirty: 3_072_000 })
  t.throws(() => parseMemory('Rss: 1 kB\n'), { message: /expected Pss/ })
})

test('a list of processors has ranges and single ones', t => {
  t.deepEqual(parseCpuList('0-2,5\n'), [0, 1, 2, 5])
  t.deepEqual(parseCpuList('3'), [3])
  t.throws(() => parseCpuList('a'), { message: /expected a list/ })
})

test('time on a CPU is the first field of schedstat', t => {
  t.is(parseSchedstat('59876123 42 7\n'), 59_876_123)
  t.throws(() => parseSchedstat(''), { message: /schedstat/ })
})

test('instructions are added up over kinds of core, and null where the machine does not count them', t => {
  const text =
    '1000,,instructions:u,10,100.00,,\n2000,,instructions:u,10,100.00,,\n7,,cycles,1,1,,\n'
  t.is(parsePerf(text, 'instructions'), 3000)
  t.is(parsePerf('<not supported>,,instructions,0,100.00,,\n', 'instructions'), null)
  t.is(parsePerf('perf: not found', 'instructions'), null)
})
