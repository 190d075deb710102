import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mock } from 'node:test'
import test from 'ava'
import { logRoute } from '../../controller/log-stream.ts'
import { canonical } from '../../core/model/canonical.ts'
import type { Ask } from '../../core/runtime/admin.ts'
import { folder } from './support/folder.ts'

const line = (seq: number): string =>
  canonical({
    body: { of: seq, nows: [seq] },
    epoch: 1,
    id: '0190a0a0-0000-7000-8000-000000000000',
    kind: 'repeat',
    prev: '0'.repeat(64),
    seq,
    time: 1,
    v: 1,
  })

/** What is written to a follower of the log in `dir`, and how to wake the one who writes. */
async function followed(dir: string) {
  const written: unknown[] = []
  let wake = (): void => undefined
  const route = logRoute({
    logDir: dir,
    durable: () => Infinity,
    eachAppend(tell) {
      wake = tell
      return () => undefined
    },
  })
  const query = new URLSearchParams({ follow: '1', files: '1' })
  const answer = await route.handle({ query } as Ask)
  if (!('follow' in answer)) throw new Error('expected a stream')
  const stop = answer.follow(each => written.push(each) > 0)
  return { written, wake: () => wake(), stop }
}

const soon = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

async function until(good: () => boolean): Promise<void> {
  for (let i = 0; i < 20_000 && !good(); i++) await soon()
}

test('a log that can be read no more gives no sign of life: its follower asks again', async t => {
  mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
  const dir = folder(t)
  const path = join(dir, '0000000001.jsonl')
  writeFileSync(path, `${line(1)}\n`)
  const { written, wake, stop } = await followed(dir)
  const beats = (): number => written.filter(each => each === '').length
  await until(() => written.includes(line(1)))
  mock.timers.tick(1000)
  t.is(beats(), 1)
  // Retention took the file, and what comes after it, before it was read to its end.
  rmSync(path)
  // How many turns it takes until that is noticed is up to the disk.
  await until(() => {
    const so = beats()
    wake()
    mock.timers.tick(1000)
    return beats() === so
  })
  const before = beats()
  mock.timers.tick(10_000)
  t.is(beats(), before)
  stop()
})
