import test from 'ava'
import fc from 'fast-check'
import { Frames, headText, HEAD_BYTES, idText, KIND } from '../../../../core/carry/lane/frame.ts'

interface Frame {
  kind: number
  length: number
  id: number
  bytes: string
}

function read(chunks: readonly Buffer[]): Frame[] {
  const frames: Frame[] = []
  const user = {
    frame: (kind: number, length: number, id: number) =>
      void frames.push({ kind, length, id, bytes: '' }),
    payload(bytes: Buffer) {
      const last = frames.at(-1)
      if (last !== undefined) last.bytes += bytes.toString('latin1')
    },
  }
  const reader = new Frames()
  for (const chunk of chunks) {
    reader.read(chunk, user)
    // What is read into is used again.
    chunk.fill(0)
  }
  return frames
}

/** The bytes in pieces that end where the cuts say. */
function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map(cut => cut % (bytes.length + 1)), bytes.length].toSorted(
    (a, b) => a - b,
  )
  return at.slice(1).map((to, i) => Buffer.from(bytes.subarray(at[i], to)))
}

const id = fc.integer({ min: 0, max: 0x7fff_ffff })
const data = fc.record({ id, bytes: fc.uint8Array({ maxLength: 40 }) }).map(frame => {
  const bytes = Buffer.from(frame.bytes).toString('latin1')
  return { kind: KIND.data, length: bytes.length, id: frame.id, bytes }
})
const other = fc.record({
  kind: fc.integer({ min: 1, max: 255 }),
  length: fc.integer({ min: 0, max: 0xff_ffff }),
  id,
  bytes: fc.constant(''),
})

test('frames come out as they went in, however they are cut', t => {
  const frames = fc.array(fc.oneof(data, other), { maxLength: 8 })
  const cuts = fc.array(fc.nat(400), { maxLength: 20 })
  fc.assert(
    fc.property(frames, cuts, (some, at) => {
      const text = some
        .map(({ kind, length, id: of, bytes }) => headText(kind, length, idText(of)) + bytes)
        .join('')
      t.deepEqual(read(cutAt(Buffer.from(text, 'latin1'), at)), some)
    }),
  )
})

test('any bytes are frames, and no more than there are', t => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.array(fc.nat(400), { maxLength: 9 }),
      (bytes, at) => {
        const frames = read(cutAt(Buffer.from(bytes), at))
        const sum = frames.reduce((all, frame) => all + HEAD_BYTES + frame.bytes.length, 0)
        t.true(sum <= bytes.length)
        for (const frame of frames) t.true(frame.bytes.length <= frame.length)
      },
    ),
  )
})
