import test from 'ava'
import { Desk, type Surroundings } from '../../edge/desk.ts'
import { Places } from '../../edge/places.ts'
import { entry } from './bench.ts'

test('more replicas that a controller promised are believed in for 30 s without a word of it', t => {
  let nowUs = 0
  const around = { clock: { us: () => nowUs }, random: () => 0, places: new Places(100) }
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

test('a surge of one endpoint is held in what memory there is, and leaves another one its places', t => {
  const around = {
    clock: { us: () => 0 },
    time: { now: () => 0, after: () => () => undefined },
    random: () => 0,
    places: new Places(20),
    activate: Boolean,
  }
  const open = (endpoint: string): Desk => {
    const desk = new Desk({ ...entry([]), endpoint }, around as unknown as Surroundings)
    t.teardown(() => desk.destroy())
    return desk
  }
  const arrive = (desk: Desk, count: number): number => {
    for (let i = 0; i < count; i++)
      desk.run(now => desk.dispatch.arrive(desk.nextId(), Infinity, now))
    return desk.dispatch.heldCount
  }
  const [surge, calm] = [open('local/surge'), open('local/calm')]
  t.is(arrive(surge, 100), 15)
  t.is(arrive(calm, 100), 5)
  surge.close()
  t.is(arrive(calm, 100), 15)
  surge.destroy()
  t.is(arrive(calm, 100), 20, 'alone it has all')
})
