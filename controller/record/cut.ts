import { existsSync } from 'node:fs'
import { open, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { linesOf, logFiles, type LogFile } from './files.ts'
import { envelopeOf } from './line.ts'
import { syncFolder } from './writer.ts'

/**
 * Takes all records after `seq` out of a log and keeps them beside it: FILE.BYTE.NAME for the end of a file,
 * FILE.NAME for a whole one, and what was cut before stays. The newest goes first, so that a crash leaves a
 * log without a gap. `taken` is called after each file. Gives how many files were touched.
 */
export async function cutAfter(
  dir: string,
  seq: number,
  name: string,
  taken: () => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  let touched = 0
  for (const file of (await logFiles(dir)).toReversed()) {
    const at = file.first > seq ? 0 : await byteAfter(file, seq)
    if (at === null) continue
    touched++
    if (at === 0) await rename(file.path, freeName(file.path, name))
    else await cutFile(file, at, name)
    await syncFolder(dir)
    await taken()
  }
  return touched
}

/** Removes what was cut as NAME when it is too old, and the oldest of it when it is too much. Gives how many. */
export async function dropCuts(
  dir: string,
  name: string,
  keep: { days: number; bytes: number },
  now: number,
): Promise<number> {
  const paths = (await readdir(dir))
    .filter(each => each.endsWith(`.${name}`))
    .map(each => join(dir, each))
  const cuts = await Promise.all(
    paths.map(async path => {
      const { mtimeMs, size } = await stat(path)
      return { path, mtimeMs, size }
    }),
  )
  const newestFirst = cuts.toSorted((a, b) => b.mtimeMs - a.mtimeMs)
  let bytes = 0
  let dropped = 0
  for (const { path, mtimeMs, size } of newestFirst) {
    bytes += size
    if (bytes <= keep.bytes && now - mtimeMs <= keep.days * 86_400_000) continue
    await rm(path)
    dropped++
  }
  return dropped
}

/** Where the first record after `seq` begins, or null where there is none. */
async function byteAfter(file: LogFile, seq: number): Promise<number | null> {
  for await (const lines of linesOf(file.path)) {
    for (const { bytes, at } of lines) {
      const found = envelopeOf(bytes)?.seq ?? Infinity
      if (found > seq) return at
    }
  }
  return null
}

async function cutFile(file: LogFile, at: number, name: string): Promise<void> {
  const handle = await open(file.path, 'r+')
  try {
    const { size } = await handle.stat()
    const bytes = Buffer.alloc(size - at)
    await handle.read(bytes, 0, bytes.length, at)
    const beside = freeName(`${file.path}.${at}`, name)
    await writeFile(beside, bytes, { mode: 0o600, flush: true })
    await syncFolder(dirname(beside))
    await truncate(file.path, at)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** PATH.NAME, or PATH-2.NAME and so on where that is taken. */
function freeName(path: string, name: string): string {
  let free = `${path}.${name}`
  for (let n = 2; existsSync(free); n++) free = `${path}-${n}.${name}`
  return free
}
