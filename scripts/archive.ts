import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { imageConfig, type Run } from './image-config.ts'
import { tar, tarEntry, tarSize, type Entry } from './tar.ts'

/**
 * Writes an image of one layer as `ctr images import` and `docker load` take it. One pass: the sizes are
 * known before the bytes, so that nothing is written twice.
 */
export async function writeArchive(
  entries: Entry[],
  { tag, run, output }: { tag: string; run: Run; output: string },
): Promise<void> {
  const hash = createHash('sha256')
  async function* layer(): AsyncGenerator<Buffer> {
    for await (const piece of tar(entries)) {
      hash.update(piece)
      yield piece
    }
  }
  async function* archive(): AsyncGenerator<Buffer> {
    yield* tarEntry({ path: 'layer.tar', size: tarSize(entries) }, layer())
    const config = Buffer.from(JSON.stringify(imageConfig(`sha256:${hash.digest('hex')}`, run)))
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
