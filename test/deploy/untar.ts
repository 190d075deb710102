interface Found {
  path: string
  mode: number
  type: string
  link: string
  data: Buffer
}

/** A small reader of tar archives with pax paths, written apart from the writer. Throws where one is not. */
export function untar(archive: Buffer): Found[] {
  const found: Found[] = []
  let long: string | null = null
  let at = 0
  for (;;) {
    const block = archive.subarray(at, at + 512)
    if (block.length < 512) throw new Error('the archive has no end')
    if (block.every(byte => byte === 0)) return found
    if (sum(block) !== octal(block, 148, 8)) throw new Error(`a wrong checksum at ${at}`)
    const size = octal(block, 124, 12)
    const data = archive.subarray(at + 512, at + 512 + size)
    at += 512 + Math.ceil(size / 512) * 512
    const type = text(block, 156, 1)
    if (type === 'x') {
      long = /^\d+ path=(.*)\n$/.exec(data.toString())?.[1] ?? null
      continue
    }
    const path = long ?? text(block, 0, 100)
    found.push({ path, mode: octal(block, 100, 8), type, link: text(block, 157, 100), data })
    long = null
  }
}

function text(block: Buffer, at: number, length: number): string {
  return block
    .subarray(at, at + length)
    .toString()
    .replace(/\0.*$/s, '')
}

function octal(block: Buffer, at: number, length: number): number {
  return Number.parseInt(text(block, at, length), 8)
}

/** Of all bytes, the checksum's own counted as spaces. */
function sum(block: Buffer): number {
  return block.reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 32 : byte), 0)
}
