import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from './writer.ts'

/** More than a tick of many endpoints appends. */
const BYTES = 1 << 20

/** Rejects with the disk's error where no more of the log could be written: with that, nobody should decide. */
export async function roomIn(dir: string): Promise<void> {
  await syncFolder(dir)
  const path = join(dir, 'room')
  try {
    const handle = await open(path, 'w', 0o600)
    try {
      await handle.writeFile(Buffer.alloc(BYTES))
      await handle.datasync()
    } finally {
      await handle.close()
    }
  } finally {
    await rm(path, { force: true })
  }
}
