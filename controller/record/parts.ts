import { LONGEST_RECORD, type Bodies } from '../../core/model/decision.ts'

/** Bytes of escaped JSON in one part: the rest of a record (endpoint, order, envelope) needs its room. */
const ROOM = LONGEST_RECORD - 4000

/** Text in pieces that each fit a record when written as a JSON string. */
export function split(text: string, room: number = ROOM): string[] {
  if (Buffer.byteLength(JSON.stringify(text)) <= room) return [text]
  const pieces: string[] = []
  let piece = ''
  let size = 0
  // By code points, so that no surrogate pair is torn.
  for (const char of text) {
    const bytes = Buffer.byteLength(JSON.stringify(char)) - 2
    if (size + bytes > room - 2) {
      pieces.push(piece)
      piece = ''
      size = 0
    }
    piece += char
    size += bytes
  }
  return [...pieces, piece]
}

type Part = Bodies['settings'] | Bodies['state']

/** Puts parts together again as they are read; gives the whole text with its last part. */
export class Joiner {
  private readonly held = new Map<string, string[]>()

  take(kind: 'settings' | 'state', body: Part): string | null {
    const key = `${kind} ${body.endpoint}`
    const pieces = body.part === 0 ? [] : (this.held.get(key) ?? [])
    if (body.part !== pieces.length) return null
    pieces.push(body.json)
    if (pieces.length < body.parts) {
      this.held.set(key, pieces)
      return null
    }
    this.held.delete(key)
    return pieces.join('')
  }
}
