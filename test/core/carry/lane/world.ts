import { Lane } from '../../../../core/carry/lane/lane.ts'
import type { LaneStream } from '../../../../core/carry/lane/stream.ts'
import type { Random } from '../../../../simulate/random.ts'
import { VirtualSocket } from '../../../sidecar/virtual/socket.ts'

const MOST_STREAMS = 6
/** More than a stream may send at once. */
const LARGE = 200_000

/** One half of a stream, whose it is, and all that was done with it. */
export class Half {
  readonly stream: LaneStream
  wrote = ''
  got = ''
  /** Told, how often. */
  ends = 0
  closes = 0
  /** Done by us. */
  ended = false
  destroyed = false
  problems: string[] = []

  constructor(stream: LaneStream) {
    this.stream = stream
    stream.on('data', (bytes: Buffer) => {
      if (this.ends > 0 || this.closes > 0) this.problems.push('bytes behind the end')
      if (stream.isPaused()) this.problems.push('bytes though it is paused')
      this.got += bytes.toString('latin1')
    })
    stream.on('end', () => this.ends++)
    stream.on('close', () => this.closes++)
  }

  write(random: Random, mark: string): void {
    if (this.ended || this.stream.destroyed) return
    const most = random.below(6) === 0 ? LARGE : 400
    const text = `${mark}${'\u00e4'.repeat(random.below(most))};`
    this.wrote += text
    const taken =
      random.below(2) === 0
        ? this.stream.write(text, 'latin1')
        : this.stream.write(Buffer.from(text, 'latin1'))
    if (taken === this.stream.writableNeedDrain) this.problems.push('a write says the contrary')
  }
}

/** Two ends of a lane over a connection that delivers when chance has it, and streams whose halves do what they like. */
export class World {
  readonly pairs: { near: Half; far: Half | null }[] = []
  readonly near: Lane
  readonly far: Lane
  private readonly random: Random
  private readonly sides = [new VirtualSocket(false, true), new VirtualSocket(false, true)]
  /** Of what each side wrote: delivered. */
  private readonly delivered = [0, 0]
  private later: (() => void)[] = []
  private marks = 0

  constructor(random: Random) {
    this.random = random
    const later = (then: () => void): void => void this.later.push(then)
    const [a, b] = this.sides as [VirtualSocket, VirtualSocket]
    this.near = new Lane(a.socket, { accept: null, most: MOST_STREAMS, later })
    this.far = new Lane(b.socket, {
      accept: stream => this.accepted(stream),
      most: MOST_STREAMS,
      later,
    })
    for (const [i, lane] of [this.near, this.far].entries()) {
      this.sides[i]?.on('data', (bytes: Buffer) => {
        lane.read(bytes)
        bytes.fill(0)
      })
    }
  }

  /** The connection itself is gone. */
  get dead(): boolean {
    return this.sides.some(side => side.destroyed)
  }

  get halves(): Half[] {
    return this.pairs.flatMap(({ near, far }) => (far === null ? [near] : [near, far]))
  }

  /** Streams open in the order in which they first write. */
  private accepted(stream: LaneStream): void {
    const pair = this.pairs.find(one => one.far === null)
    if (pair !== undefined) pair.far = new Half(stream)
  }

  step(): void {
    const { random, halves } = this
    const half = halves[random.below(halves.length)]
    switch (random.below(12)) {
      case 0:
        this.open()
        break
      case 1:
      case 2:
      case 3:
        half?.write(random, `${this.marks++}`)
        break
      case 4:
        half?.stream.pause()
        break
      case 5:
        half?.stream.resume()
        break
      case 6:
        if (half !== undefined && random.below(3) === 0) this.end(half)
        break
      case 7:
        if (half !== undefined && random.below(6) === 0) this.destroy(half)
        break
      case 8:
        this.sides[random.below(2)]?.clog(random.below(2) === 0)
        break
      case 9:
        this.near.ask()
        break
      default:
        this.turn(false)
    }
  }

  private open(): void {
    // The other side may know one more than we do: that it is closed has not come yet.
    if (this.near.size >= MOST_STREAMS / 2) return
    const near = new Half(this.near.open())
    this.pairs.push({ near, far: null })
    near.write(this.random, `${this.marks++}`)
  }

  end(half: Half): void {
    half.ended = true
    half.stream.end()
  }

  destroy(half: Half): void {
    half.destroyed ||= !half.stream.destroyed
    half.stream.destroy()
  }

  kill(): void {
    this.sides[this.random.below(2)]?.fail(new Error('RST'))
    for (const side of this.sides) side.hangUp()
  }

  /** What was put off is done, and what was written goes over, in pieces. False: there was nothing. */
  turn(calm: boolean): boolean {
    const due = this.later
    this.later = []
    for (const act of due) act()
    let busy = due.length > 0
    for (const [i, side] of this.sides.entries()) {
      if (calm) side.clog(false)
      busy = this.deliver(i, side) || busy
    }
    for (const side of this.sides) while (side.turn()) busy = true
    return busy
  }

  private deliver(i: number, side: VirtualSocket): boolean {
    const other = this.sides[1 - i]
    const from = this.delivered[i] ?? 0
    const left = side.wrote.length - from
    // Clogged: what is there stays there.
    if (other === undefined || left === 0 || side.writableNeedDrain) return false
    const size = this.random.below(3) === 0 ? 1 + this.random.below(Math.min(left, 300)) : left
    other.say(side.wrote.slice(from, from + size))
    this.delivered[i] = from + size
    return true
  }
}
