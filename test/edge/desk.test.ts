import test from 'ava'
import { Desk, type Surroundings } from '../../edge/desk.ts'
import { entry } from './bench.ts'

test('more replicas that a controller promised are believed in for 30 s without a word of it', t => {
  let nowUs = 0
  const around = { clock: { us: () => nowUs }, random: () => 0, mostHeld: 100 }
  const desk = new Desk(entry([], { growing: true }), around as unknown as Surroundings)
  t.teardown(() => desk.destroy())
  nowUs = 30_000_000
  desk.second()
  t.true(desk.entry.growing)
  desk.table(entry([], { growing: true }))
  nowUs += 30_000_001
  desk.second()
  t.false(desk.entry.growing)
  desk.table(entry([], { growing: true }))
  t.true(desk.entry.growing, 'and again when it is back')
})
