import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { walk } from '../../../controller/record/chain.ts'
import { idMaker, msOfId } from '../../../controller/record/id.ts'
import { NO_PREV, type Draft } from '../../../controller/record/line.ts'
import { openLog } from '../../../controller/record/open.ts'
import { readLog } from '../../../controller/record/read.ts'
import { LogWriter, syncFolder, TooLong, type OpenFile } from '../../../controller/record/writer.ts'
import { folder } from '../support/folder.ts'

const note = (of: number): Draft => ({ kind: 'repeat', body: { of, nows: [of] } })
const empty = { next: 1, head: NO_PREV, file: null }

/** A disk that counts fsyncs, and fails when told to. */
function disk(): { openFile: OpenFile; syncs: number; failing: boolean; unsynced: boolean } {
  const state = {
    syncs: 0,
    failing: false,
    unsynced: false,
    openFile: (async path => {
      const handle = await open(path, 'a')
      return {
        appendFile: async (text: string) => {
          state.unsynced = true
          await handle.appendFile(text)
        },
        datasync: async () => {
          await new Promise(resolve => setImmediate(resolve))
          if (state.failing)
            throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
          state.syncs++
          state.unsynced = false
        },
        close: () => handle.close(),
      }
    }) as OpenFile,
  }
  return state
}

async function writerIn(dir: string, openFile?: OpenFile, maxBytes = 1e9): Promise<LogWriter> {
  await syncFolder(dir)
  let now = 1_700_000_000_000
  const more = openFile === undefined ? {} : { openFile }
  return new LogWriter({
    dir,
    at: empty,
    epoch: 7,
    now: () => now++,
    maxBytes: () => maxBytes,
    ...more,
  })
}

test('what append resolves is durable, and appends that wait share one fsync', async t => {
  const dir = folder(t)
  const fake = disk()
  const writer = await writerIn(dir, fake.openFile)
  const first = writer.append([note(0)]).then(() => t.false(fake.unsynced))
  const others = Array.from({ length: 20 }, (_, i) => writer.append([note(i), note(i)]))
  await Promise.all([first, ...others])
  t.true(fake.syncs <= 2, `${fake.syncs} fsyncs`)
  await writer.close()
  const chain = await walk(dir)
  t.is(chain.records, 41)
  t.is(chain.broken, null)
  t.is(chain.epoch, 7)
})

test('after a failed fsync nothing is appended ever again', async t => {
  const dir = folder(t)
  const fake = disk()
  const writer = await writerIn(dir, fake.openFile)
  await writer.append([note(0)])
  fake.failing = true
  const waiting = [writer.append([note(1)]), writer.append([note(2)])]
  for (const append of waiting) await t.throwsAsync(append, { message: /can't be written.*ENOSPC/ })
  fake.failing = false
  await t.throwsAsync(writer.append([note(3)]), { message: /ENOSPC/ })
  t.regex(writer.failed ?? '', /ENOSPC/)
  await writer.close()
})

test('a record that is too long is refused and leaves the chain as it was', async t => {
  const dir = folder(t)
  const writer = await writerIn(dir)
  const long: Draft = {
    kind: 'repeat',
    body: { of: 1, nows: Array.from({ length: 70_000 }, () => 1) },
  }
  await t.throwsAsync(writer.append([note(1), long]), { instanceOf: TooLong })
  const [record] = await writer.append([note(2)])
  t.is(record?.seq, 1)
  await writer.close()
})

test('rotation: files are named by their first record and the chain goes on over them', async t => {
  const dir = folder(t)
  const writer = await writerIn(dir, undefined, 2000)
  for (let i = 0; i < 40; i++) {
    if (writer.full) writer.rotate()
    await writer.append([note(i)])
  }
  await writer.close()
  const chain = await walk(dir)
  t.true(chain.files.length > 3)
  t.is(chain.records, 40)
  t.is(chain.broken, null)
  const seqs: number[] = []
  for await (const { envelope } of readLog(dir, { since: 17 })) seqs.push(envelope.seq)
  t.deepEqual(
    seqs,
    Array.from({ length: 23 }, (_, i) => 18 + i),
  )
})

test('of two that write one log the first stops, and what stands there is a chain', async t => {
  const dir = folder(t)
  const first = await writerIn(dir)
  for (let i = 0; i < 3; i++) await first.append([note(i)])
  const { chain, file } = await openLog(dir)
  const at = { next: chain.next, head: chain.head, file }
  const second = new LogWriter({ dir, at, epoch: 8, now: () => 1, maxBytes: () => 1e9 })
  await second.append([note(3)])
  await t.throwsAsync(first.append([note(4)]), { message: /another controller writes to it/ })
  await t.throwsAsync(first.append([note(5)]), { message: /another controller/ })
  await second.append([note(6), note(7)])
  await Promise.all([first.close(), second.close()])
  const { records, broken } = await walk(dir)
  t.deepEqual([records, broken], [6, null])
})

test('a file that begins with more than a file may have is not full at once', async t => {
  const writer = await writerIn(folder(t), undefined, 2000)
  await writer.append(Array.from({ length: 40 }, (_, i) => note(i)))
  t.false(writer.full, 'states of many endpoints')
  for (let i = 0; i < 12; i++) await writer.append([note(i)])
  t.true(writer.full)
  await writer.close()
})

test('a reader follows into new files and never sees what is not durable', async t => {
  const dir = folder(t)
  const writer = await writerIn(dir, undefined, 500)
  const seen: number[] = []
  let durable = 0
  let turns = 0
  const wait = async (): Promise<boolean> => {
    if (turns++ === 20) return false
    if (writer.full) writer.rotate()
    const records = await writer.append([note(turns), note(turns)])
    durable = (records.at(-1)?.seq ?? 0) - 1
    return true
  }
  for await (const { envelope } of readLog(dir, { wait, durable: () => durable })) {
    t.true(envelope.seq <= durable)
    seen.push(envelope.seq)
  }
  await writer.close()
  t.deepEqual(
    seen,
    Array.from({ length: 39 }, (_, i) => i + 1),
  )
})

test('the first line follows from nothing', async t => {
  const dir = folder(t)
  const writer = await writerIn(dir)
  await writer.append([note(1)])
  await writer.close()
  t.true(readFileSync(join(dir, '0000000001.jsonl'), 'utf8').includes(`"prev":"${NO_PREV}"`))
})

test('ids are UUIDv7, grow always and tell their time', t => {
  const next = idMaker()
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 2 ** 47 }), { minLength: 1 }), times => {
      const ids = times.map(next)
      t.deepEqual(ids, ids.toSorted())
      t.is(new Set(ids).size, ids.length)
      for (const id of ids) t.not(msOfId(id), null)
    }),
  )
  const many = Array.from({ length: 10_000 }, () => next(2 ** 47))
  t.is(new Set(many).size, many.length)
  const made = idMaker()(1_700_000_000_123)
  t.is(msOfId(made), 1_700_000_000_123)
  t.is(msOfId('not an id'), null)
})
