import { rm, stat } from 'node:fs/promises'
import { firstOf, logFiles, type LogFile } from './files.ts'
import type { Lived } from './lived.ts'
import type { LogOptions } from '../../core/model/log-options.ts'

export interface Retained {
  removed: string[]
  /** Bytes of the files that are left. */
  bytes: number
}

/**
 * Removes whole files, oldest first: those whose newest record is too old, and as many as the byte budget
 * asks for. Never the newest file. The chain goes on over what is left.
 */
export async function retain(dir: string, options: LogOptions, lived: Lived): Promise<Retained> {
  const files = await logFiles(dir)
  const sizes = await Promise.all(files.map(async ({ path }) => (await stat(path)).size))
  let bytes = sizes.reduce((sum, size) => sum + size, 0)
  const removed: string[] = []
  for (const [i, file] of files.entries()) {
    const next = files[i + 1]
    if (next === undefined) break
    // The newest record of a file is no later than the first of the next.
    const old = (await ageOf(next, lived)) > options['keep-days'] * 86_400_000
    if (!old && bytes <= options['keep-bytes']) break
    await rm(file.path)
    removed.push(file.name)
    bytes -= sizes[i] ?? 0
  }
  return { removed, bytes }
}

async function ageOf(file: LogFile, lived: Lived): Promise<number> {
  const first = await firstOf(file)
  return first === null ? 0 : lived.ageOf(first.seq, first.time)
}
