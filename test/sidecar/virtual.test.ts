import test from 'ava'
import { run } from './virtual/run.ts'

test('random schedules of clients and models that come, go, stall and die: nothing leaks, nothing is mixed up', async t => {
  const { problems, reached, answered, handed } = await run(2000, 20_261_127)
  t.deepEqual(problems, [])
  t.true(reached > 2000 && answered > 1000 && handed > 10, `${reached} ${answered} ${handed}`)
})
