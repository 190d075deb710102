/**
 * Builds the image with no container tool and no registry: `node scripts/image.ts` writes an archive that
 * `ctr images import` and `docker load` take; `--rootfs FOLDER` writes the same files to a folder instead.
 */
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeArchive } from './archive.ts'
import { run } from './image-config.ts'
import { rootfs } from './rootfs.ts'
import { sizeOf, type Entry } from './tar.ts'

const { values } = parseArgs({
  options: {
    tag: { type: 'string', default: 'outrigger:dev' },
    output: { type: 'string', default: '.cache/image.tar' },
    rootfs: { type: 'string' },
  },
})
const root = fileURLToPath(new URL('..', import.meta.url))
const entries = rootfs(root)
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
const total = megabytes(entries.reduce((sum, entry) => sum + sizeOf(entry), 0))
if (values.rootfs === undefined) {
  await writeArchive(entries, { tag: values.tag, run, output: values.output })
  console.log(`${values.output}: ${values.tag}, ${total} in ${entries.length} files and folders`)
} else {
  await writeFolder(values.rootfs)
  console.log(`${values.rootfs}: ${total} in ${entries.length} files and folders`)
}

async function writeFolder(folder: string): Promise<void> {
  for (const entry of entries) await write(folder, entry)
}

async function write(folder: string, { path, mode, data, file }: Entry): Promise<void> {
  const to = join(folder, path)
  if (file !== undefined) await copyFile(file.from, to)
  else if (data !== undefined) await writeFile(to, data)
  else await mkdir(to, { recursive: true })
  // Not by the open's mode: that one is cut by the umask.
  await chmod(to, mode)
}
