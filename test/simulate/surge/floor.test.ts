import test from 'ava'
import { startUpFloor } from '../../../simulate/surge/floor.ts'

const terms = { carries: 10, replicas: 1, startUpS: 3 }

test('what comes above the replicas is bad until those that it calls for have started', t => {
  // 100 s of 10 a second; then 40 a second, of which 30 are too much for 3 s.
  const offered = [...Array<number>(100).fill(10), ...Array<number>(100).fill(40)]
  t.is(startUpFloor(offered, terms), 90 / 5000)
  t.is(startUpFloor(offered, { ...terms, startUpS: 0 }), 0)
  t.is(startUpFloor(offered, { ...terms, replicas: 4 }), 0)
})

test('replicas that were needed once stay', t => {
  const wave = [10, 10, 10, 10, 10, 40, 40, 40, 40, 10, 10, 10]
  t.is(startUpFloor([...wave, ...wave], terms), 90 / 480)
  t.is(startUpFloor([], terms), 0)
})
