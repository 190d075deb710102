/**
 * What goes over a lane: frames of 8 bytes (kind 1, length 3, stream 4, big-endian), behind those of kind DATA as many
 * bytes as their length says. The others have no more than their head.
 */
export const HEAD_BYTES = 8

export const KIND = {
  /** Bytes of a stream. The first that bears its number opens it. */
  data: 0,
  /** The sender writes no more on it. */
  end: 1,
  /** It is gone: nothing more is sent or taken. */
  close: 2,
  /** The length is how many bytes more may be sent. */
  credit: 3,
  /** To be answered by a pong; of no stream. */
  ping: 4,
  pong: 5,
} as const

/** Streams are numbered from 1 up and no number comes twice: with the last one a lane takes no more. */
export const LAST_STREAM = 0x7fff_ffff

/** The number of a stream as it stands in a head, one byte a character. */
export function idText(id: number): string {
  return String.fromCharCode((id >>> 24) & 255, (id >>> 16) & 255, (id >>> 8) & 255, id & 255)
}

/** A head, one byte a character. `id` as `idText` gives it. */
export function headText(kind: number, length: number, id: string): string {
  return String.fromCharCode(kind, (length >>> 16) & 255, (length >>> 8) & 255, length & 255) + id
}

export interface FrameUser {
  /** A frame begins. */
  frame(kind: number, length: number, id: number): void
  /** Some of the bytes of the DATA frame that began last; good until this returns. */
  payload(bytes: Buffer): void
}

/** Finds the frames in what comes, however it is cut. */
export class Frames {
  private readonly head = Buffer.alloc(HEAD_BYTES)
  private filled = 0
  private left = 0

  read(chunk: Buffer, user: FrameUser): void {
    let at = 0
    while (at < chunk.length) {
      if (this.left > 0) {
        const to = Math.min(chunk.length, at + this.left)
        this.left -= to - at
        user.payload(chunk.subarray(at, to))
        at = to
      } else if (this.filled === 0 && chunk.length - at >= HEAD_BYTES) {
        this.begin(chunk, at, user)
        at += HEAD_BYTES
      } else {
        const to = Math.min(chunk.length, at + HEAD_BYTES - this.filled)
        chunk.copy(this.head, this.filled, at, to)
        this.filled += to - at
        at = to
        if (this.filled < HEAD_BYTES) return
        this.filled = 0
        this.begin(this.head, 0, user)
      }
    }
  }

  private begin(bytes: Buffer, at: number, user: FrameUser): void {
    const kind = bytes.readUInt8(at)
    const length = bytes.readUIntBE(at + 1, 3)
    if (kind === KIND.data) this.left = length
    user.frame(kind, length, bytes.readUInt32BE(at + 4))
  }
}
