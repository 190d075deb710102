import test from 'ava'
import { Board } from '../../aggregator/board.ts'
import { Store } from '../../aggregator/store/store.ts'
import type { EndpointWindows } from '../../core/model/windows.ts'
import { busy, T0, target } from './samples.ts'

const clock = { us: () => 0, now: () => T0 + 2000 }

test('each tick tells each reader of each endpoint; an empty line keeps a reader of nothing alive', async t => {
  const store = new Store()
  const board = new Board(store, clock)
  const lines: string[] = []
  const stop = board.follow(line => void lines.push(line))
  await board.tick(false)
  t.deepEqual(lines, [''])
  store.setTargets([target], T0)
  store.take(target, busy(3, 1000), 0, T0 + 1100)
  await board.tick(true)
  t.is((JSON.parse(lines[1] ?? '') as EndpointWindows).windows['3']?.replicas.offered, 3)
  stop()
  await board.tick(true)
  t.is(lines.length, 2)
  t.is(board.foldSeconds.value().count, 3)
})

test('a tick that failed does not stop the next', async t => {
  const store = new Store()
  const board = new Board(store, clock)
  store.setTargets([target], T0)
  const stop = board.follow(() => {
    throw new Error('gone')
  })
  await t.throwsAsync(board.tick(true), { message: 'gone' })
  stop()
  await board.tick(true)
  t.is(board.all().length, 1)
})

test('an endpoint that nothing can be told of costs the others nothing', async t => {
  const store = new Store()
  const board = new Board(store, clock)
  const endpoints = ['local/a', 'local/b', 'local/c']
  store.setTargets(
    endpoints.map(endpoint => ({ ...target, endpoint })),
    T0,
  )
  const whole = store.windows.bind(store)
  store.windows = (name, now, warm) => {
    if (name === 'local/b') throw new Error('odd')
    return whole(name, now, warm)
  }
  await t.throwsAsync(board.tick(true), { message: 'odd' })
  t.deepEqual(
    board.all().map(({ endpoint }) => endpoint),
    ['local/a', 'local/c'],
  )
})
