import test from 'ava'
import { closedLoop, until } from './client.ts'
import { startRun } from './run.ts'

test('scale to zero, whole: idle, the last process goes; a burst is held, makes the first one, and is served', async t => {
  t.timeout(180_000)
  const run = await startRun('test/e2e/zero.yaml')
  const gone = async (): Promise<boolean> => {
    const row = (await run.platform()).endpoints[0]
    return row !== undefined && row.desired === 0 && row.replicas.length === 0
  }
  const wanted = {
    url: run.url('agent'),
    path: '/v1/run',
    body: { question: 'Which train leaves first?' },
  }
  for (const round of [1, 2]) {
    await until(`nothing runs, round ${round}`, 60_000, gone)
    const began = run.decisions().length
    const load = closedLoop(wanted, 8)
    await until('answers', 60_000, () => load.tally.ok >= 8)
    const { sent, ok, words } = await load.stop()
    t.is(ok, sent, words.join('; '))
    const since = run.decisions().slice(began)
    const first = since.find(({ body }) => body.what === 'replicas' && body.outcome.to > 0)
    t.true(first?.body.reasons.some(({ code }) => code === 'activate'))
    t.is(first?.body.outcome.from, 0)
  }
  await until('nothing runs at the end', 60_000, gone)
  const zero = run.decisions().findLast(({ body }) => body.outcome.to === 0)
  t.true(zero?.body.reasons.some(({ code }) => code === 'scale-to-zero'))
  t.is((await run.stop()).code, 0)
})
