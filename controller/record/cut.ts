import { open, rename, truncate, writeFile } from 'node:fs/promises'
import { linesOf, logFiles, type LogFile } from './files.ts'
import { envelopeOf } from './line.ts'
import { syncFolder } from './writer.ts'

/**
 * Takes all records after `seq` out of a log and keeps them beside it: FILE.BYTE.NAME for the end of a file,
 * FILE.NAME for a whole one. Gives how many files were touched.
 */
export async function cutAfter(dir: string, seq: number, name: string): Promise<number> {
  let touched = 0
  for (const file of await logFiles(dir)) {
    const at = file.first > seq ? 0 : await byteAfter(file, seq)
    if (at === null) continue
    touched++
    if (at === 0) await rename(file.path, `${file.path}.${name}`)
    else await cutFile(file, at, name)
  }
  if (touched > 0) await syncFolder(dir)
  return touched
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
    await writeFile(`${file.path}.${at}.${name}`, bytes, { mode: 0o600, flush: true })
    await truncate(file.path, at)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
