import test from 'ava'
import { run } from './virtual/run.ts'

test('random schedules of clients and replicas that come, go, stall, refuse and die: nothing leaks, nothing is asked too often, nothing is mixed up', async t => {
  const { problems, reached, turned, answered } = await run(800, 20_261_128)
  t.deepEqual(problems, [])
  t.true(reached > 2000 && turned > 300 && answered > 1000, `${reached} ${turned} ${answered}`)
})
