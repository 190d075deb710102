import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { tar, tarEntry, tarSize, type Entry } from '../../scripts/tar.ts'
import { untar } from './untar.ts'

async function bytes(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

const segment = fc.stringMatching(/^[a-zA-Z0-9@._-]{1,60}$|^[äé漢]{1,20}$/)
const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map(parts => parts.join('/'))
const entry = fc.record({
  path,
  mode: fc.constantFrom(0o644, 0o755, 0o1777),
  data: fc.uint8Array(),
})

test('what goes in comes out, long names too, in the order given and of the size foretold', async t => {
  await fc.assert(
    fc.asyncProperty(fc.array(entry), async list => {
      const entries: Entry[] = list.map(each => ({ ...each, data: Buffer.from(each.data) }))
      const archive = await bytes(tar(entries))
      t.is(archive.length, tarSize(entries))
      t.deepEqual(
        untar(archive).map(({ path, mode, data }) => ({ path, mode, data: data.toString('hex') })),
        entries.map(({ path, mode, data }) => ({ path, mode, data: data?.toString('hex') ?? '' })),
      )
    }),
  )
})

test('files, folders and links; the same bytes each time', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-tar-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const from = join(folder, 'a')
  writeFileSync(from, 'x'.repeat(100_000))
  const entries: Entry[] = [
    { path: 'etc', mode: 0o755 },
    { path: 'etc/a', mode: 0o644, file: { from, size: 100_000 } },
    { path: 'etc/b', mode: 0o777, link: 'a' },
  ]
  const archive = await bytes(tar(entries))
  t.is(archive.length, tarSize(entries))
  t.deepEqual(
    untar(archive).map(({ path, type, link, data }) => [path, type, link, data.length]),
    [
      ['etc/', '5', '', 0],
      ['etc/a', '0', '', 100_000],
      ['etc/b', '2', 'a', 0],
    ],
  )
  t.true(archive.equals(await bytes(tar(entries))))
})

test('caught: a file that changes while it is read', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-tar-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const from = join(folder, 'a')
  writeFileSync(from, 'four')
  const entries = [{ path: 'a', mode: 0o644, file: { from, size: 3 } }]
  await t.throwsAsync(bytes(tar(entries)), { message: /expected 3 bytes, got 4/ })
})

test('an archive within an archive', async t => {
  const inner: Entry[] = [{ path: 'a', mode: 0o644, data: Buffer.from('one') }]
  const outer = tarEntry({ path: 'layer.tar', size: tarSize(inner) }, tar(inner))
  const [layer] = untar(Buffer.concat([await bytes(outer), Buffer.alloc(1024)]))
  t.is(layer?.path, 'layer.tar')
  t.deepEqual(
    untar(layer?.data ?? Buffer.alloc(0)).map(({ path, data }) => [path, data.toString()]),
    [['a', 'one']],
  )
})
