import { rm, stat } from 'node:fs/promises'
import { firstOf, logFiles, type LogFile } from './files.ts'
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
export async function retain(dir: string, options: LogOptions, now: number): Promise<Retained> {
  const files = await logFiles(dir)
  const sizes = await Promise.all(files.map(async ({ path }) => (await stat(path)).size))
  let bytes = sizes.reduce((sum, size) => sum + size, 0)
  const removed: string[] = []
  for (const [i, file] of files.entries()) {
    const next = files[i + 1]
    if (next === undefined) break
    // The newest record of a file is no later than the first of the next.
    const old = now - (await timeOf(next, now)) > options['keep-days'] * 86_400_000
    if (!old && bytes <= options['keep-bytes']) break
    await rm(file.path)
    removed.push(file.name)
    bytes -= sizes[i] ?? 0
  }
  return { removed, bytes }
}

async function timeOf(file: LogFile, otherwise: number): Promise<number> {
  return (await firstOf(file))?.time ?? otherwise
}
