import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ExecutionContext } from 'ava'

/** Writes files below a folder of their own, which goes with the test; the folder is to stand before /proc and /sys. */
export function plant(t: ExecutionContext, files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'outrigger-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  write(root, files)
  return root
}

export function write(root: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

/** A line of /proc/PID/stat with the fields that are read. */
export function statLine(
  pid: number,
  { parent = 1, own = 0, reaped = 0, threads = 1, started = 100, name = 'model' } = {},
): string {
  const fields = [
    'S',
    parent,
    pid,
    pid,
    0,
    -1,
    0,
    0,
    0,
    0,
    0,
    own,
    0,
    reaped,
    0,
    20,
    0,
    threads,
    0,
    started,
    0,
    0,
  ]
  return `${pid} (${name}) ${fields.join(' ')}\n`
}
