import test from 'ava'
import type { DecisionBody } from '../../../core/model/decision.ts'
import { algorithms } from '../../../controller/decide/decide.ts'
import { Repeats } from '../../../controller/record/repeats.ts'
import { logDirOf } from '../../../controller/journal.ts'
import { retain } from '../../../controller/record/retention.ts'
import { logDefaults } from '../../../core/model/log-options.ts'
import { walk } from '../../../controller/record/chain.ts'
import { recordOf, type AnyRecord } from '../../../controller/record/line.ts'
import { readLog } from '../../../controller/record/read.ts'
import { Replayer } from '../../../controller/record/replay.ts'
import { bench } from '../support/hour.ts'
import { Fleet, START } from '../support/fleet.ts'
import { folder } from '../support/folder.ts'

async function recordsIn(dir: string): Promise<AnyRecord[]> {
  const records: AnyRecord[] = []
  for await (const { line } of readLog(dir)) records.push(recordOf(line))
  return records
}

async function someBody(stateDir: string): Promise<DecisionBody> {
  const hour = await bench(stateDir, [new Fleet('local/idle', 1, () => 0)])
  await hour.run(400)
  await hour.close()
  const records = await recordsIn(logDirOf(stateDir))
  const hold = records.findLast(r => r.kind === 'decision' && r.body.what === 'replicas')
  if (hold?.kind !== 'decision') throw new Error('no decision')
  return hold.body
}

test('a hold that differs only in its clocks is a repeat; any other is not', async t => {
  const body = await someBody(folder(t))
  const repeats = new Repeats()
  t.is(repeats.like(body), null, 'nothing was written yet')
  repeats.wrote(7, body)
  const later = { ...body, now: body.now + 5000, inputs: { ...body.inputs, windowAgeMs: 999 } }
  t.is(repeats.like(later), body)
  repeats.add(later)
  const other = { ...later, inputs: { ...later.inputs, platformVersion: 99 } }
  t.is(repeats.like(other), null)
  const acted = { ...later, outcome: { ...later.outcome, act: true } }
  t.is(repeats.like(acted), null)
  const change = { ...later, outcome: { ...later.outcome, action: 'up' as const } }
  t.is(repeats.like(change), null)
  t.deepEqual(repeats.takeOf('local/other'), [])
  t.deepEqual(repeats.takeOf('local/idle'), [
    { kind: 'repeat', body: { of: 7, nows: [later.now] } },
  ])
  t.deepEqual(repeats.takeAll(), [])
})

test('repeats are written at least each minute, and before the next decision of their endpoint', async t => {
  const stateDir = folder(t)
  const hour = await bench(stateDir, [new Fleet('local/idle', 1, s => (s > 1000 ? 20 : 0))])
  await hour.run(1100)
  await hour.close()
  const records = await recordsIn(logDirOf(stateDir))
  t.true(records.some(({ kind }) => kind === 'repeat'))
  let newest = 0
  for (const record of records) {
    if (record.kind === 'repeat') {
      t.true(record.time - (record.body.nows[0] ?? 0) <= 60_000)
      newest = Math.max(newest, ...record.body.nows)
    }
    if (record.kind === 'decision') t.true(record.body.now >= newest)
  }
})

test('a new file begins with settings and states; old files go by age and by bytes, and the rest still verifies', async t => {
  const stateDir = folder(t)
  const fleet = new Fleet('local/busy', 1, () => 40)
  const hour = await bench(stateDir, [fleet], { options: { 'file-bytes': 200_000 } })
  await hour.run(1200)
  await hour.close()
  const dir = logDirOf(stateDir)
  const before = await walk(dir)
  t.true(before.files.length >= 4, `${before.files.length} files`)
  for (const file of before.files.slice(1)) {
    const kinds: string[] = []
    for await (const { envelope } of readLog(dir, { since: file.first - 1 })) {
      if (kinds.length < 2) kinds.push(envelope.kind)
    }
    t.deepEqual(kinds, ['settings', 'state'])
  }
  const options = { ...logDefaults, 'keep-bytes': 500_000 }
  const { removed, bytes } = await retain(dir, options, before.lived)
  t.true(removed.length > 0 && bytes <= 500_000)
  const after = await walk(dir)
  t.is(after.broken, null)
  t.true(after.first > 1)
  const next = await bench(stateDir, [fleet], { from: START + 1_200_000 })
  t.is(
    next.journal.memory.endpoints.get('local/busy')?.hash,
    hour.journal.memory.endpoints.get('local/busy')?.hash,
  )
  await next.close()
  const { lived, next: seq } = await walk(dir)
  for (let day = 1; day <= 31; day++) lived.take(seq + day, START + day * 86_400_000)
  const old = await retain(dir, logDefaults, lived)
  t.is(
    (await walk(dir)).files.length,
    1,
    `the newest file always stays, ${old.removed.length} went`,
  )
})

test('a clock far ahead at a start removes no file by age, nor does the start after it', async t => {
  const stateDir = folder(t)
  const fleet = new Fleet('local/busy', 1, () => 40)
  const options = { 'file-bytes': 200_000 }
  const first = await bench(stateDir, [fleet], { options })
  await first.run(1200)
  await first.close()
  const { files } = await walk(logDirOf(stateDir))
  t.true(files.length > 3)
  for (const from of [START + 3650 * 86_400_000, START + 2_400_000]) {
    const next = await bench(stateDir, [fleet], { options, from })
    await next.run(60)
    await next.journal.retain(logDefaults)
    await next.close()
    const left = new Set((await walk(logDirOf(stateDir))).files.map(({ name }) => name))
    t.true(files.every(({ name }) => left.has(name)))
  }
})

test('an endpoint that is gone for a month is carried into no new file, and begins anew when it is back', async t => {
  const stateDir = folder(t)
  const dir = logDirOf(stateDir)
  const [stays, goes] = [1, 2].map(seed => new Fleet(`local/fleet-${seed}`, seed, () => 40)) as [
    Fleet,
    Fleet,
  ]
  const first = await bench(stateDir, [stays, goes])
  await first.run(60)
  await first.close()
  const options = { 'file-bytes': 200_000 }
  const soon = await bench(stateDir, [stays], { options, from: START + 29 * 86_400_000 })
  await soon.run(3700)
  t.true(soon.journal.memory.endpoints.has(goes.endpoint))
  await soon.close()
  const later = await bench(stateDir, [stays], { options, from: START + 31 * 86_400_000 })
  await later.run(300)
  t.true(later.journal.memory.endpoints.has(goes.endpoint), 'who was away itself waits')
  await later.run(3700)
  t.deepEqual([...later.journal.memory.endpoints.keys()], [stays.endpoint])
  await later.close()
  const back = await bench(stateDir, [stays, goes], { options, from: START + 32 * 86_400_000 })
  await back.run(60)
  await back.close()
  const replayer = new Replayer(algorithms)
  for await (const { line } of readLog(dir)) t.is(replayer.take(recordOf(line)), null)
})
