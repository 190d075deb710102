import test from 'ava'
import { answersAt } from '../../controller/answers.ts'
import { explain } from '../../controller/explain.ts'
import { logDirOf } from '../../controller/journal.ts'
import { findRecord } from '../../controller/record/read.ts'
import { Fleet, START } from './support/fleet.ts'
import { folder } from './support/folder.ts'
import { bench } from './support/hour.ts'

test('a decision reads from inputs to outcome, with every reason in words', async t => {
  const stateDir = folder(t)
  const hour = await bench(stateDir, [new Fleet('local/busy', 1, s => (s > 100 ? 150 : 10))])
  await hour.run(200)
  await hour.close()
  const up = hour.acted.find(({ body }) => body.outcome.action === 'up')
  if (up === undefined) return t.fail('nothing scaled up')
  const told = explain(up)
  t.regex(told.headline, /^replicas: up from 1 to \d+\.$/)
  t.regex(told.inputs.join('\n'), /1 of 1 replicas ready\.\nLast 3 s: \d+ arrived/)
  t.true(told.proposals.length > 0)
  t.regex(told.outcome, /^Asked the platform for \d+ replicas instead of 1\.$/)
  for (const { sentence } of told.reasons) t.notRegex(sentence, /[{}]/)
  t.notRegex(JSON.stringify(told), /NaN|undefined/)
  const dir = logDirOf(stateDir)
  t.is((await findRecord(dir, up.id))?.seq, up.seq)
  t.is((await findRecord(dir, up.seq))?.id, up.id)
  t.is(await findRecord(dir, 'nonsense'), null)
  t.is(await findRecord(dir, 99_999), null)

  const [replicas, limit] = await answersAt(dir, 'local/busy', up.body.now)
  t.is(replicas?.newest.id, up.id)
  t.is(limit?.newest.what, 'limit')
  const [later] = await answersAt(dir, 'local/busy', START + 199_000)
  t.truthy(later?.change ?? later?.newest)
  t.deepEqual(await answersAt(dir, 'local/nobody', START + 199_000), [])
  t.deepEqual(await answersAt(dir, 'local/busy', START - 1), [])
})
