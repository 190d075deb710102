/**
 * Builds the image with no container tool and no registry: `node scripts/image.ts` writes an archive that
 * `ctr images import` and `docker load` take; `--rootfs FOLDER` writes the same files to a folder instead.
 */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { chmod, copyFile, mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { imageConfig } from './image-config.ts'
import { rootfs } from './rootfs.ts'
import { sizeOf, tar, tarEntry, tarSize, type Entry } from './tar.ts'

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
  await writeArchive(values.tag, values.output)
  console.log(`${values.output}: ${values.tag}, ${total} in ${entries.length} files and folders`)
} else {
  await writeFolder(values.rootfs)
  console.log(`${values.rootfs}: ${total} in ${entries.length} files and folders`)
}

/** One pass: the sizes are known before the bytes, so that nothing is written twice. */
async function writeArchive(tag: string, output: string): Promise<void> {
  const hash = createHash('sha256')
  async function* layer(): AsyncGenerator<Buffer> {
    for await (const piece of tar(entries)) {
      hash.update(piece)
      yield piece
    }
  }
  async function* archive(): AsyncGenerator<Buffer> {
    yield* tarEntry({ path: 'layer.tar', size: tarSize(entries) }, layer())
    const config = Buffer.from(JSON.stringify(imageConfig(`sha256:${hash.digest('hex')}`)))
    const name = `${createHash('sha256').update(config).digest('hex')}.json`
    const manifest = [{ Config: name, RepoTags: [tag], Layers: ['layer.tar'] }]
    const data = Buffer.from(JSON.stringify(manifest))
    yield* tar([
      { path: name, mode: 0o644, data: config },
      { path: 'manifest.json', mode: 0o644, data },
    ])
  }
  await mkdir(dirname(output), { recursive: true })
  await pipeline(archive, createWriteStream(`${output}.part`))
  await rename(`${output}.part`, output)
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
