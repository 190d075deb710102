import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { openLog, Unusable } from '../../../controller/record/open.ts'
import { findRecord } from '../../../controller/record/read.ts'
import { sha256, type Draft } from '../../../controller/record/line.ts'
import { LogWriter } from '../../../controller/record/writer.ts'
import { folder } from '../support/folder.ts'

const note = (of: number): Draft => ({ kind: 'repeat', body: { of, nows: [of] } })

/** A log of `count` records, a second apart each. */
async function written(dir: string, count: number, apart = 2000): Promise<string> {
  const opened = await openLog(dir)
  let now = 1_700_000_000_000
  const at = { next: opened.chain.next, head: opened.chain.head, file: opened.file }
  const writer = new LogWriter({ dir, at, epoch: 1, now: () => now, maxBytes: () => 1e9 })
  for (let i = 0; i < count; i++) {
    now += apart
    await writer.append([note(i)])
  }
  await writer.close()
  return join(dir, '0000000001.jsonl')
}

test('a tail torn at any byte of the last record is cut, kept and told; the rest stays', async t => {
  const source = folder(t)
  const whole = readFileSync(await written(source, 4))
  const lastStart = whole.lastIndexOf(10, whole.length - 2) + 1
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: lastStart + 1, max: whole.length - 1 }), async end => {
      const dir = join(source, `torn-${end}`)
      mkdirSync(dir, { recursive: true })
      const path = join(dir, '0000000001.jsonl')
      writeFileSync(path, whole.subarray(0, end))
      const { chain, cut, file } = await openLog(dir)
      t.is(chain.next, 4)
      const torn = whole.subarray(lastStart, end)
      t.deepEqual(cut, {
        file: '0000000001.jsonl',
        at: lastStart,
        bytes: torn.length,
        sha256: sha256(torn),
      })
      t.deepEqual(readFileSync(`${path}.${lastStart}.torn`), torn)
      t.deepEqual(readFileSync(path), whole.subarray(0, lastStart))
      t.is(file?.bytes, lastStart)
      t.is((await openLog(dir)).cut, null)
    }),
    { numRuns: whole.length - lastStart > 200 ? 200 : whole.length - lastStart },
  )
})

test('after a cut the chain goes on', async t => {
  const dir = folder(t)
  const path = await written(dir, 3)
  appendFileSync(path, '{"body":{"of":9')
  await openLog(dir)
  await written(dir, 2)
  const { chain, cut } = await openLog(dir)
  t.is(cut, null)
  t.is(chain.records, 5)
  t.deepEqual(readdirSync(dir).length, 2)
})

test('a batch torn in its middle (zeros, then whole lines of the same second) is a torn tail', async t => {
  const dir = folder(t)
  const path = await written(dir, 3)
  await written(dir, 4, 10)
  const lines = readFileSync(path, 'utf8').split('\n')
  lines[3] = '\0'.repeat(lines[3]?.length ?? 0)
  writeFileSync(path, lines.join('\n'))
  const { chain, cut } = await openLog(dir)
  t.is(chain.next, 4)
  t.truthy(cut)
})

for (const [name, change] of [
  [
    'a record changed',
    (lines: string[]) => void (lines[1] = (lines[1] ?? '').replace('"nows":[1]', '"nows":[7]')),
  ],
  ['a record removed', (lines: string[]) => void lines.splice(1, 1)],
  [
    'two records swapped',
    (lines: string[]) => void lines.splice(1, 2, lines[2] ?? '', lines[1] ?? ''),
  ],
  ['a record made unreadable', (lines: string[]) => void (lines[1] = 'x')],
] as const) {
  test(`${name} in the middle refuses the start, with what to do`, async t => {
    const dir = folder(t)
    const path = await written(dir, 5)
    const lines = readFileSync(path, 'utf8').split('\n')
    change(lines)
    writeFileSync(path, lines.join('\n'))
    const error = await t.throwsAsync(openLog(dir), { instanceOf: Unusable })
    t.regex(error?.message ?? '', /broken at byte \d+ of .*0000000001.jsonl.*Keep the folder/)
    t.is(readFileSync(path, 'utf8'), lines.join('\n'), 'nothing was touched')
  })
}

test('a newest record whose body is no JSON refuses the start, with file, line and what to do', async t => {
  const dir = folder(t)
  const path = await written(dir, 3)
  const lines = readFileSync(path, 'utf8').split('\n')
  lines[2] = (lines[2] ?? '').replace('{"body":{', '{"body":{{')
  writeFileSync(path, lines.join('\n'))
  const error = await t.throwsAsync(openLog(dir), { instanceOf: Unusable })
  const words = /broken at byte \d+ of .*0000000001.jsonl: line 3, record 3, .*Keep the folder/
  t.regex(error?.message ?? '', words)
  t.is(readFileSync(path, 'utf8'), lines.join('\n'), 'nothing was touched')
  await t.throwsAsync(findRecord(dir, 3), { message: /^record 3 is no JSON: .*decisions verify/ })
})
