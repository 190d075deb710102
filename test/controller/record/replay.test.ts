import { readFileSync, writeFileSync } from 'node:fs'
import test from 'ava'
import { algorithms } from '../../../controller/decide/decide.ts'
import { logDirOf } from '../../../controller/journal.ts'
import { Memory } from '../../../controller/memory.ts'
import { restore } from '../../../controller/restore.ts'
import { walk } from '../../../controller/record/chain.ts'
import { recordOf } from '../../../controller/record/line.ts'
import { readLog } from '../../../controller/record/read.ts'
import { Replayer, type Difference } from '../../../controller/record/replay.ts'
import { bench } from '../support/hour.ts'
import { Fleet, START } from '../support/fleet.ts'
import { folder } from '../support/folder.ts'

async function replay(dir: string): Promise<{ replayer: Replayer; differences: Difference[] }> {
  const replayer = new Replayer(algorithms)
  const differences: Difference[] = []
  for await (const { line } of readLog(dir)) {
    const difference = replayer.take(recordOf(line))
    if (difference !== null) differences.push(difference)
  }
  return { replayer, differences }
}

test('an hour of decisions replays to the same bytes', async t => {
  const stateDir = folder(t)
  const fleets = [
    new Fleet('local/busy', 1, s => (s > 600 && s < 1200 ? 2000 : 20)),
    new Fleet('local/idle', 2, s => (s < 60 ? 5 : 0)),
  ]
  const hour = await bench(stateDir, fleets)
  await hour.run(3600)
  await hour.close()
  t.true(hour.acted.length > 0)
  const dir = logDirOf(stateDir)
  const { replayer, differences } = await replay(dir)
  t.deepEqual(differences, [])
  t.is(replayer.skipped, 0)
  t.true(replayer.decisions > 800, `${replayer.decisions} decisions`)
  t.true(replayer.repeats > 500, `${replayer.repeats} repeats`)
  const chain = await walk(dir)
  t.is(chain.broken, null)
})

test('a restart goes on where the log stopped, and the whole still replays', async t => {
  const stateDir = folder(t)
  const fleet = new Fleet('local/busy', 3, () => 40)
  const first = await bench(stateDir, [fleet])
  await first.run(400)
  const before = first.journal.memory.endpoints.get('local/busy')
  // Not closed before the next begins: kill -9 leaves what was durable.
  const second = await bench(stateDir, [fleet], { from: START + 100_000 })
  const after = second.journal.memory.endpoints.get('local/busy')
  t.is(after?.hash, before?.hash)
  t.deepEqual(after?.order, before?.order)
  t.is(after?.decided, before?.decided)
  t.true(second.journal.now() >= START + 390_000, 'time never goes below the log')
  t.is(second.journal.ahead, second.journal.now() - (START + 100_000))
  t.is(second.journal.ledger.epoch, first.journal.ledger.epoch + 1)
  await second.run(100)
  await second.close()
  const { differences } = await replay(logDirOf(stateDir))
  await first.close()
  t.deepEqual(differences, [])
})

test('a restart on a log of several files finds nothing otherwise than recorded', async t => {
  const stateDir = folder(t)
  const fleet = new Fleet('local/busy', 1, s => (s % 200 < 100 ? 120 : 20))
  const hour = await bench(stateDir, [fleet], { options: { 'file-bytes': 200_000 } })
  await hour.run(600)
  await hour.close()
  const dir = logDirOf(stateDir)
  t.true((await walk(dir)).files.length >= 3)
  const memory = new Memory()
  const { difference, replayed } = await restore(dir, memory, algorithms)
  t.is(difference, null)
  t.true(replayed > 0)
  const [was, is] = [hour.journal.memory, memory].map(m => m.endpoints.get('local/busy'))
  t.is(is?.hash, was?.hash)
  t.deepEqual(is?.order, was?.order)
})

test('a changed number is found by the replay, and by the chain where a record follows', async t => {
  const stateDir = folder(t)
  const hour = await bench(stateDir, [new Fleet('local/busy', 4, () => 30)])
  await hour.run(60)
  await hour.close()
  const dir = logDirOf(stateDir)
  const chain = await walk(dir)
  const path = chain.files[0]?.path ?? ''
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.replace(/"wants":\d+/, '"wants":99'))
  const { broken } = await walk(dir)
  t.regex(broken?.why ?? '', /does not follow/)
  t.false(broken?.tail)
  const { differences } = await replay(dir)
  t.true(differences.length > 0)
})
