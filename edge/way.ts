import type { Conn } from '../core/carry/conn.ts'
import { Lane } from '../core/carry/lane/lane.ts'
import type { Dial } from '../core/carry/link.ts'
import type { LaneStream } from '../core/carry/lane/stream.ts'
import type { Time } from '../core/carry/time.ts'
import type { Outlet, Unread } from '../core/carry/unread.ts'
import { LANE } from '../core/model/tables.ts'

const AGREED = /^HTTP\/1\.1 101 [^]*?\r\n\r\n/
/** A longer answer to the question for a lane is none. */
const MOST_ANSWER = 4096
/** And one that has not come by then is waited for no longer. */
const OPENING_MS = 5000
/** A replica that did not agree is asked again after this: something in between (a mesh) may forbid it. */
const AGAIN_MS = 60_000
/** A lane that leaves a question without an answer for so long is given nothing new: new connections show who is dead. */
const SILENT_MS = 1000
/** A lane without a stream is closed after this, as connections that rest are. */
const IDLE_MS = 1500
/**
 * Bytes that come at once on a stream, in the mean, above which a lane costs more than it saves: what many clients do not
 * take at once has to be copied there, and lies in the system where each has a connection.
 */
const BULKY = 16 * 1024
/** Pieces that the mean goes by. */
const PIECES = 32
/** Streams of one lane at a time. */
const MOST = 10_000

/** How connections to one replica are made: as streams of a lane once its sidecar has offered one, else each by itself. */
export class Way {
  readonly dial: Dial
  private readonly plain: Dial
  private readonly time: Time
  private lane: Lane | null = null
  private opening: Conn | null = null
  private openingMs = 0
  private notBeforeMs = -Infinity
  private usedMs = 0
  private askedMs: number | null = null
  private silent = false
  private piece = 0
  private closed = false
  private readonly unread: Unread
  private readonly changed: () => void

  /** `changed`: connections are made otherwise from now on, and those that there are are better not kept. */
  constructor(plain: Dial, { time, unread }: { time: Time; unread: Unread }, changed: () => void) {
    this.plain = plain
    this.time = time
    this.unread = unread
    this.changed = changed
    this.dial = link => this.stream(link) ?? plain(link)
  }

  private stream(link: Parameters<Dial>[0]): Conn | null {
    const { lane } = this
    if (lane === null || lane.spent || this.silent) return null
    const stream = lane.open()
    this.unread.add(stashOf(stream))
    stream.on('data', (bytes: Buffer) => {
      link.read(bytes)
      if (link.lent) lane.lent = true
      this.piece += (bytes.length - this.piece) / PIECES
      if (this.piece > BULKY) this.leave(lane)
    })
    return stream
  }

  /** What comes is too large for it: connections are made one by one for a while. */
  private leave(lane: Lane): void {
    this.piece = 0
    this.notBeforeMs = this.time.now() + AGAIN_MS
    if (lane.spent) return
    lane.endWhenIdle()
    this.changed()
  }

  /** The sidecar takes lanes. `passLine` shows who we are. */
  offered(passLine: string): void {
    const none = this.lane === null && this.opening === null && !this.closed
    if (none && this.time.now() >= this.notBeforeMs) this.open(passLine)
  }

  /** Done now and then. */
  look(nowMs: number): void {
    const { lane } = this
    if (lane === null) {
      if (nowMs - this.openingMs >= OPENING_MS) this.opening?.destroy()
      return
    }
    if (lane.size > 0) this.usedMs = nowMs
    else if (nowMs - this.usedMs >= IDLE_MS) lane.endWhenIdle()
    if (lane.heard()) {
      this.askedMs = null
      this.turnSilent(false)
    } else if (this.askedMs === null) {
      if (lane.size === 0) return
      lane.ask()
      this.askedMs = nowMs
    } else if (nowMs - this.askedMs >= SILENT_MS) {
      // With nobody on it, it need not be waited for.
      if (lane.size === 0) lane.fail()
      else this.turnSilent(true)
    }
  }

  private turnSilent(silent: boolean): void {
    if (silent === this.silent) return
    this.silent = silent
    this.changed()
  }

  /** Nothing new; what is under way ends by itself. */
  close(): void {
    this.closed = true
    this.opening?.destroy()
    this.lane?.endWhenIdle()
  }

  private open(passLine: string): void {
    let lane: Lane | null = null
    let answer = ''
    const conn = this.plain({
      get lent() {
        return lane?.lent ?? false
      },
      read: chunk => {
        if (lane !== null) return lane.read(chunk)
        answer += chunk.toString('latin1')
        lane = this.agreed(conn, answer)
      },
    })
    this.opening = conn
    this.openingMs = this.time.now()
    conn.on('connect', () => conn.write(asking(passLine), 'latin1'))
    conn.on('error', () => conn.destroy())
    conn.on('end', () => conn.destroy())
    conn.on('close', () => {
      if (lane === null) this.notBeforeMs = this.time.now() + AGAIN_MS
      this.opening = null
      this.lane = null
      this.silent = false
    })
  }

  /** The lane, once all of the answer has come and it is a yes. */
  private agreed(conn: Conn, answer: string): Lane | null {
    const [head] = AGREED.exec(answer) ?? []
    if (head === undefined) {
      if (answer.includes('\r\n\r\n') || answer.length > MOST_ANSWER) conn.destroy()
      return null
    }
    const lane = new Lane(conn, { accept: null, most: MOST, later: this.time.later })
    this.lane = lane
    this.opening = null
    this.usedMs = this.time.now()
    this.changed()
    lane.read(Buffer.from(answer.slice(head.length), 'latin1'))
    return lane
  }
}

/** What came of an answer while its client does not read: bytes that the client leaves unread, as those on its own connection. */
function stashOf(stream: LaneStream): Outlet {
  return {
    get writableLength() {
      return stream.readableLength
    },
    get bytesWritten() {
      return stream.bytesRead
    },
    // One that the other side has closed is read to its end all the same.
    destroyed: false,
    destroy: () => stream.destroy(),
    once: (event, then) => stream.once(event, then),
  }
}

/** As WebSocket is asked for (RFC 9110 7.8), so that who is in between and does not know it says no. */
function asking(passLine: string): string {
  return `GET / HTTP/1.1\r\nhost: outrigger\r\nconnection: upgrade\r\nupgrade: ${LANE}\r\n${passLine}\r\n`
}
