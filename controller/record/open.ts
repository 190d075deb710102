import { open, stat, truncate, writeFile } from 'node:fs/promises'
import type { Bodies } from '../../core/model/decision.ts'
import { walk, type Break, type Chain } from './chain.ts'
import { sha256 } from './line.ts'
import { syncFolder } from './writer.ts'

/** A log that must not be appended to, in words with what to do. */
export class Unusable extends Error {}

export interface Opened {
  chain: Chain
  /** A torn tail that was cut, to be recorded. */
  cut: Bodies['cut'] | null
  /** The file to go on with. */
  file: { path: string; bytes: number } | null
}

/**
 * Checks the whole chain. A torn tail (what a crash leaves of a batch that nobody acted on) is cut, and its
 * bytes are kept beside the file as FILE.BYTE.torn. Throws Unusable on any other break.
 */
export async function openLog(dir: string): Promise<Opened> {
  await syncFolder(dir)
  const chain = await walk(dir)
  const { broken } = chain
  if (broken !== null && !broken.tail) throw new Unusable(wordsOf(broken))
  const cut = broken === null ? null : await cutTail(broken)
  const last = chain.files.at(-1)
  if (last === undefined) return { chain, cut, file: null }
  return { chain, cut, file: { path: last.path, bytes: (await stat(last.path)).size } }
}

export function wordsOf(broken: Break): string {
  return (
    `The decision log is broken at byte ${broken.at} of ${broken.file.path}: ${broken.why}. ` +
    'A crash does not do this: something changed or lost a record that was durable. ' +
    'Keep the folder for whoever looks into it (move it away, and a new log begins), or put a good copy back; ' +
    'see docs/decision-log.md#repair.'
  )
}

async function cutTail({ file, at }: Break): Promise<Bodies['cut']> {
  const handle = await open(file.path, 'r+')
  try {
    const { size } = await handle.stat()
    const bytes = Buffer.alloc(size - at)
    await handle.read(bytes, 0, bytes.length, at)
    await writeFile(`${file.path}.${at}.torn`, bytes, { mode: 0o600, flush: true })
    await truncate(file.path, at)
    await handle.sync()
    return { file: file.name, at, bytes: bytes.length, sha256: sha256(bytes) }
  } finally {
    await handle.close()
  }
}
