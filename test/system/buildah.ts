import { execFile, spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { promisify } from 'node:util'
import type { ExecutionContext } from 'ava'
import { root } from '../house/tree.ts'

const run = promisify(execFile)

/** buildah with a store of its own, gone with the test. Needs root, but no daemon, registry or container runtime. */
export interface Buildah {
  /** Runs a command of it; its standard output. Throws with the last of what it said. */
  ask(...words: string[]): Promise<string>
  /** The same, left running. */
  start(...words: string[]): Started
  /** Where its store is, and whatever else has to be gone after the test. */
  folder: string
}

interface Started {
  stdin: Writable
  stdout: Readable
  /** Its exit code, null when it was killed. */
  ended: Promise<number | null>
}

export function startBuildah(t: ExecutionContext): Buildah {
  if (process.getuid?.() !== 0) throw new Error('building an image with buildah needs root')
  // Not in /tmp, which may be memory: a build takes 2 GB. One folder, so that no more is left by runs cut short.
  const folder = join(root, '.cache/buildah')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  // vfs: copies instead of overlay mounts. chroot: no network and no control groups to set up.
  const store = ['--storage-driver=vfs', `--root=${folder}/root`, `--runroot=${folder}/run`]
  const env = { ...process.env, BUILDAH_ISOLATION: 'chroot', TMPDIR: folder }
  return {
    async ask(...words) {
      const asked = run('buildah', [...store, ...words], { env, maxBuffer: 16 * 1024 * 1024 })
      const { stdout } = await asked.catch((error: Error & { stdout: string }) => {
        throw new Error(`${error.stdout.slice(-4000)}\n${error.message.slice(-4000)}`)
      })
      return stdout.trim()
    },
    start(...words) {
      const child = spawn('buildah', [...store, ...words], {
        env,
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      t.teardown(() => child.kill('SIGKILL'))
      const ended = new Promise<number | null>(done => child.once('exit', done))
      return { stdin: child.stdin, stdout: child.stdout, ended }
    },
    folder,
  }
}
