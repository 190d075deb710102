import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { logRoute } from '../../controller/log-stream.ts'
import { walk } from '../../controller/record/chain.ts'
import { logFiles } from '../../controller/record/files.ts'
import { NO_PREV, type Draft } from '../../controller/record/line.ts'
import { openLog } from '../../controller/record/open.ts'
import { LogWriter, syncFolder } from '../../controller/record/writer.ts'
import { Standby } from '../../controller/standby.ts'
import { logDefaults } from '../../core/model/log-options.ts'
import { serve } from '../../core/runtime/admin.ts'
import { folder } from './support/folder.ts'

const note = (of: number): Draft => ({ kind: 'repeat', body: { of, nows: [of] } })

interface Test {
  teardown(fn: () => unknown): void
}

/** A leader that goes on with the log in `dir`, as a standby meets it. */
async function leaderOn(t: Test, dir: string, maxBytes = 1e9, port = 0) {
  await syncFolder(dir)
  const { chain, file } = await openLog(dir)
  const listeners = new Set<() => void>()
  let durable = chain.next - 1
  let now = chain.time + 1000
  const writer = new LogWriter({
    dir,
    at: { next: chain.next, head: chain.head, file },
    epoch: chain.epoch + 1,
    now: () => now++,
    maxBytes: () => maxBytes,
    durable: (_, records) => {
      durable = records.at(-1)?.seq ?? durable
      for (const tell of listeners) tell()
    },
  })
  const source = {
    logDir: dir,
    durable: () => durable,
    eachAppend(tell: () => void) {
      listeners.add(tell)
      return () => listeners.delete(tell)
    },
  }
  const served = await serve({ host: '127.0.0.1', port, routes: [logRoute(source)] })
  const end = async (): Promise<void> => {
    await served.close()
    await writer.close()
  }
  t.teardown(end)
  return { writer, url: `http://${served.address}`, end }
}

function standbyOf(dir: string, leader: () => Promise<string>, said: string[]): Standby {
  const log = (_: unknown, text: string): void => void said.push(text)
  return new Standby({ dir, leader, token: null, log, keep: () => logDefaults, againMs: 20 })
}

async function copyOf(t: Test, dir: string, leader: string) {
  const said: string[] = []
  const standby = standbyOf(dir, () => Promise.resolve(leader), said)
  t.teardown(() => standby.stop())
  await standby.start()
  return { standby, said }
}

async function until(good: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !good(); i++) await new Promise(resolve => setTimeout(resolve, 10))
}

async function bytesOf(dir: string): Promise<Record<string, string>> {
  const files = await logFiles(dir)
  return Object.fromEntries(files.map(({ name, path }) => [name, readFileSync(path, 'utf8')]))
}

test('a standby copies the log to the byte, file by file, also what is written while it follows', async t => {
  const [dir, copy] = [folder(t), folder(t)]
  const { writer, url } = await leaderOn(t, dir)
  await writer.append([note(1), note(2)])
  writer.rotate()
  await writer.append([note(3)])
  const { standby } = await copyOf(t, copy, url)
  await until(() => standby.seq === 3)
  await writer.append([note(4)])
  writer.rotate()
  await writer.append([note(5), note(6)])
  await until(() => standby.seq === 6)
  await standby.stop()
  t.deepEqual(await bytesOf(copy), await bytesOf(dir))
  t.is(Object.keys(await bytesOf(copy)).length, 3)
})

test('a standby goes on where it was, over a restart of its own and of the leader', async t => {
  const [dir, copy] = [folder(t), folder(t)]
  const first = await leaderOn(t, dir)
  await first.writer.append([note(1), note(2)])
  const one = await copyOf(t, copy, first.url)
  await until(() => one.standby.seq === 2)
  await one.standby.stop()
  await first.writer.append([note(3)])
  await first.end()
  const second = await leaderOn(t, dir)
  await second.writer.append([note(4)])
  const two = await copyOf(t, copy, second.url)
  await until(() => two.standby.seq === 4)
  await two.standby.stop()
  t.deepEqual(await bytesOf(copy), await bytesOf(dir))
})

for (const common of [0, 1, 5, 9]) {
  test(`of a log that parted after record ${common} the rest is kept beside, and the leader's is taken`, async t => {
    const [dir, old] = [folder(t), folder(t)]
    const leader = await leaderOn(t, dir)
    for (let i = 1; i <= common; i++) await leader.writer.append([note(i)])
    const copy = await copyOf(t, old, leader.url)
    await until(() => copy.standby.seq === common)
    await copy.standby.stop()
    // The copy's owner leads for a while, and nobody copies its records.
    const was = await leaderOn(t, old)
    for (let i = 1; i <= 12; i++) {
      if (i === 6) was.writer.rotate()
      await was.writer.append([note(100 + i)])
    }
    const lost = Object.values(await bytesOf(old)).join('')
    await was.end()
    await leader.writer.append([note(20), note(21)])
    const { standby, said } = await copyOf(t, old, leader.url)
    await until(() => standby.seq === common + 2)
    await standby.stop()
    t.deepEqual(await bytesOf(old), await bytesOf(dir))
    t.is((await walk(old)).broken, null)
    const kept = readdirSync(old).filter(name => name.endsWith('.fork'))
    const forks = kept.toSorted().map(name => readFileSync(join(old, name), 'utf8'))
    t.true(lost.endsWith(forks.join('')), 'no record of either is missing')
    t.is(forks.join('').trimEnd().split('\n').length, 12)
    t.true(said.some(text => text.includes('cut and kept')))
  })
}

test('a leader whose oldest records are gone is copied from where its log begins', async t => {
  const [dir, copy] = [folder(t), folder(t)]
  await syncFolder(dir)
  const at = { next: 41, head: NO_PREV, file: null }
  const writer = new LogWriter({ dir, at, epoch: 3, now: () => 1, maxBytes: () => 1e9 })
  await writer.append([note(41)])
  await writer.close()
  const { url } = await leaderOn(t, dir)
  const { standby } = await copyOf(t, copy, url)
  await until(() => standby.seq === 41)
  await standby.stop()
  t.deepEqual(await bytesOf(copy), await bytesOf(dir))
})

test('a record that does not follow is never appended', async t => {
  const copy = folder(t)
  const liar = await serve({
    host: '127.0.0.1',
    port: 0,
    routes: [
      {
        at: 'GET /v1/log',
        handle: () => ({
          follow: write => {
            write({ file: '../../etc/0000000001.jsonl' })
            write({ file: '0000000001.jsonl' })
            write('{"body":{"of":1},"seq":1}')
            return () => undefined
          },
        }),
      },
    ],
  })
  t.teardown(liar.close)
  const { standby } = await copyOf(t, copy, `http://${liar.address}`)
  await new Promise(resolve => setTimeout(resolve, 300))
  await standby.stop()
  t.deepEqual(await bytesOf(copy), {})
})

test('one that is stopped before its leader answered leaves its files to whoever goes on with them', async t => {
  const dir = folder(t)
  const own = await leaderOn(t, dir)
  await own.writer.append([note(1)])
  await own.end()
  const { promise: answered, resolve: answer } = Promise.withResolvers<string>()
  let asked = false
  const leader = (): Promise<string> => {
    asked = true
    return answered
  }
  const standby = standbyOf(dir, leader, [])
  const started = standby.start()
  await until(() => asked)
  let stopped = false
  const stopping = standby.stop().then(() => (stopped = true))
  await new Promise(resolve => setTimeout(resolve, 50))
  t.false(stopped, 'not while it may still touch them')
  answer('http://127.0.0.1:9')
  await Promise.all([started, stopping])
  t.is((await walk(dir)).records, 1)
})

test('one whose leader has removed what it lacks begins anew, and what it had is kept beside', async t => {
  const [dir, copy] = [folder(t), folder(t)]
  const first = await leaderOn(t, dir)
  await first.writer.append([note(1), note(2)])
  let url = first.url
  const standby = standbyOf(copy, () => Promise.resolve(url), [])
  t.teardown(() => standby.stop())
  await standby.start()
  await until(() => standby.seq === 2)
  // While the standby hears nothing: records that it will never see.
  const port = new URL(first.url).port
  await first.end()
  const between = await leaderOn(t, dir)
  await between.writer.append([note(3)])
  between.writer.rotate()
  await between.writer.append([note(4), note(5)])
  await between.end()
  rmSync(join(dir, '0000000001.jsonl'))
  const again = await leaderOn(t, dir, 1e9, Number(port))
  url = again.url
  await until(() => standby.seq === 5)
  await standby.stop()
  t.deepEqual(await bytesOf(copy), await bytesOf(dir))
  t.deepEqual(
    readdirSync(copy).filter(name => name.endsWith('.fork')),
    ['0000000001.jsonl.fork'],
  )
})

test('one whose disk failed goes on when there is room again', async t => {
  const [dir, copy] = [folder(t), folder(t)]
  const { writer, url } = await leaderOn(t, dir)
  await writer.append([note(1)])
  const said: string[] = []
  const other = standbyOf(copy, () => Promise.resolve(url), said)
  t.teardown(() => other.stop())
  await other.start()
  await until(() => other.seq === 1)
  // Nothing can be written to a folder.
  mkdirSync(join(copy, '0000000002.jsonl'))
  writer.rotate()
  await writer.append([note(2)])
  await until(() => said.some(text => text.includes("can't be written")))
  rmSync(join(copy, '0000000002.jsonl'), { recursive: true })
  await until(() => existsSync(join(copy, '0000000002.jsonl')))
  await other.stop()
  t.deepEqual(await bytesOf(copy), await bytesOf(dir))
})
