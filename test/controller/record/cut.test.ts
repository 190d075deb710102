import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { cutAfter, dropCuts } from '../../../controller/record/cut.ts'
import { logFiles } from '../../../controller/record/files.ts'
import { NO_PREV, type Draft } from '../../../controller/record/line.ts'
import { openLog } from '../../../controller/record/open.ts'
import { LogWriter, syncFolder } from '../../../controller/record/writer.ts'
import { folder } from '../support/folder.ts'

const note = (of: number): Draft => ({ kind: 'repeat', body: { of, nows: [of] } })

/** Appends `count` records, `each` a file; 10 s lie between two. */
async function append(dir: string, count: number, each: number): Promise<void> {
  await syncFolder(dir)
  const { chain, file } = await openLog(dir)
  let now = Math.max(1, chain.time)
  const at = { next: chain.next, head: chain.records === 0 ? NO_PREV : chain.head, file }
  const writer = new LogWriter({
    dir,
    at,
    epoch: chain.epoch + 1,
    now: () => (now += 10_000),
    maxBytes: () => 1e9,
  })
  for (let i = 0; i < count; i++) {
    if (i % each === 0) writer.rotate()
    await writer.append([note(chain.next + i)])
  }
  await writer.close()
}

const namesIn = (dir: string, end: string): string[] =>
  readdirSync(dir)
    .filter(name => name.endsWith(end))
    .toSorted()

test('a crash at any point of a cut leaves a log that opens', async t => {
  const dir = folder(t)
  await append(dir, 9, 3)
  const seen: number[] = []
  await cutAfter(dir, 2, 'fork', async () => {
    const { chain } = await openLog(dir)
    t.is(chain.broken, null)
    seen.push(chain.next - 1)
  })
  t.deepEqual(seen, [6, 3, 2], 'the newest goes first')
})

test('what was cut before is never written over', async t => {
  const dir = folder(t)
  for (const kept of [1, 1, 1]) {
    await append(dir, 4, 2)
    await cutAfter(dir, kept, 'fork')
  }
  await append(dir, 1, 1)
  await cutAfter(dir, 1, 'fork')
  const all = namesIn(dir, '.fork').map(name => readFileSync(join(dir, name), 'utf8'))
  t.is(all.join('').trimEnd().split('\n').length, 3 + 4 + 4 + 1)
  t.is((await logFiles(dir)).length, 1)
})

test('what was cut goes when it is too old, and the oldest when it is too much', async t => {
  const dir = folder(t)
  const day = 86_400_000
  const now = Date.UTC(2026, 0, 31)
  const keep = (name: string, bytes: number, daysAgo: number): void => {
    writeFileSync(join(dir, name), 'x'.repeat(bytes))
    const at = new Date(now - daysAgo * day)
    utimesSync(join(dir, name), at, at)
  }
  keep('0000000001.jsonl', 5000, 90)
  keep('0000000001.jsonl.100.torn', 50, 90)
  keep('0000000001.jsonl.fork', 10, 31)
  keep('0000000005.jsonl.7.fork', 60, 3)
  keep('0000000009.jsonl.fork', 60, 2)
  keep('0000000009.jsonl-2.fork', 40, 1)
  t.is(await dropCuts(dir, 'fork', { days: 30, bytes: 120 }, now), 2)
  t.deepEqual(namesIn(dir, ''), [
    '0000000001.jsonl',
    '0000000001.jsonl.100.torn',
    '0000000009.jsonl-2.fork',
    '0000000009.jsonl.fork',
  ])
})
