import test from 'ava'
import { Scaler } from '../../../controller/act/scale.ts'
import type { Tried } from '../../../controller/act/actuator.ts'
import type { LogRecord } from '../../../core/model/decision.ts'

const decided = (endpoint: string, to: number) =>
  ({
    id: `d-${endpoint}-${to}`,
    epoch: 1,
    body: { endpoint, outcome: { to, victims: [] }, inputs: { platformVersion: '1' } },
  }) as unknown as LogRecord<'decision'>

test('an endpoint that is gone is asked for nothing more, and nothing of it is kept', async t => {
  const asked: string[] = []
  const noted: string[] = []
  const answers: ((tried: Tried) => void)[] = []
  const scaler = new Scaler(
    {
      scale: (endpoint, { replicas }) => {
        asked.push(`${endpoint} ${replicas}`)
        return new Promise<Tried>(resolve => answers.push(resolve))
      },
    },
    { actuation: ({ endpoint }) => void noted.push(endpoint), counted: () => undefined },
  )
  t.teardown(() => scaler.stop())
  scaler.hand(decided('a/stays', 2))
  scaler.hand(decided('a/goes', 3))
  // Waits for the one under way.
  scaler.hand(decided('a/goes', 4))
  scaler.keep(new Set(['a/stays']))
  t.is(scaler.size, 1)
  for (const answer of answers) answer({ done: true, again: false, words: 'done' })
  await new Promise(resolve => setImmediate(resolve))
  t.deepEqual(asked, ['a/stays 2', 'a/goes 3'])
  t.deepEqual(noted, ['a/stays'])
  t.is(scaler.asked('a/stays'), 2)
  t.is(scaler.asked('a/goes'), null)
  scaler.hand(decided('a/goes', 5))
  t.is(asked.at(-1), 'a/goes 5', 'it may come back')
})
