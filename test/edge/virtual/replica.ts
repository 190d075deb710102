import { HEADERS } from '../../../core/model/tables.ts'
import type { Random } from '../../../simulate/random.ts'
import { referenceRequests } from '../../core/http/fuzz/reference.ts'
import { answerTo, FORGED } from '../../sidecar/virtual/messages.ts'
import type { VirtualSocket } from '../../sidecar/virtual/socket.ts'

/** A connection of the edge to a sidecar that admits, turns away, stalls and dies as chance has it. */
export class VirtualReplica {
  readonly socket: VirtualSocket
  private readonly random: Random
  /** It never connects. */
  private readonly deaf: boolean
  /** It says nothing more, in the middle of an answer. */
  private stuck = false
  /** Requests that it has given an answer to, and which of them it turned away so that the edge knows. */
  private answered = 0
  private readonly turned = new Set<number>()
  private turning = ''
  /** The edge waits for no more of it, and does not ask on the same connection. */
  private detached = false
  /** What it has told, to stand for the pass on this connection. */
  readonly words = new Set<string>()
  /** It was told to go on with the body. */
  private toldToGoOn = false
  /** The rest of an answer under way; '!' ends the connection. */
  private readonly rest: string[] = []

  constructor(socket: VirtualSocket, random: Random) {
    this.socket = socket
    this.random = random
    this.deaf = random.below(12) === 0
  }

  /** Each request that reached it, and whether it was turned away unadmitted. */
  attempts(): { what: string; headers: string[]; body: string; whole: boolean; turned: boolean }[] {
    const { messages } = referenceRequests(this.socket.wrote)
    return messages.map((message, i) => ({ ...message, turned: this.turned.has(i) }))
  }

  /** What is wrong with what it was sent, in words. */
  problems(): string[] {
    const { end } = referenceRequests(this.socket.wrote)
    return end === 'more'
      ? []
      : [`a replica reads: ${end}: ${JSON.stringify(this.socket.wrote.slice(-2000))}`]
  }

  /** One thing. `calm`: it does what it should. */
  act(calm: boolean): void {
    const { socket, rest, random } = this
    if (socket.closed || this.stuck) return
    if (socket.connecting) {
      if (this.deaf) return
      return !calm && random.below(8) === 0 ? socket.refuse() : socket.connect()
    }
    const next = rest.shift()
    if (next !== undefined) return this.say(next)
    const asked = this.attempts()[this.answered]
    if (asked === undefined) return
    const expects = asked.headers.some(name => name.toLowerCase() === 'expect')
    if (!asked.whole && expects && !this.toldToGoOn && (calm || random.below(3) > 0)) {
      this.toldToGoOn = true
      return socket.say('HTTP/1.1 100 Continue\r\n\r\n')
    }
    if (!asked.whole && (calm || random.below(8) > 0)) return
    this.detached = asked.body.length < 60_000 && !asked.what.startsWith('HEAD ')
    this.begin(asked.what, calm)
  }

  die(): void {
    if (this.random.below(2) === 0) this.socket.hangUp()
    else this.socket.fail(new Error('RST'))
  }

  private say(piece: string): void {
    const { socket } = this
    if (piece === '!') return socket.hangUp()
    socket.say(piece)
    if (this.turning === '') return
    this.turning = this.turning.slice(piece.length)
    // The head is there (its body has four bytes): the edge knows.
    if (this.turning.length > 4) return
    this.turned.add(this.answered - 1)
    this.stuck = this.turning !== '' && this.detached && this.random.below(3) === 0
  }

  private begin(what: string, calm: boolean): void {
    const { random, rest } = this
    this.answered++
    this.toldToGoOn = false
    const away = calm ? 9 : random.below(12)
    const text = away < 4 ? turnedAway(away, random) : this.withOwn(answerTo(what, random))
    this.turning = away < 4 ? text : ''
    for (let at = 0; at < text.length;) {
      const size = 1 + random.below(300)
      rest.push(text.slice(at, at + size))
      at += size
    }
    if (text.includes('until')) rest.push('!')
    else if (!calm && random.below(10) === 0) rest.push(`${rest.pop() ?? ''}${FORGED}`)
    if (!calm && random.below(20) === 0) {
      rest.splice(random.below(rest.length + 1), Infinity, '!')
    }
  }

  /** Headers of our own: slots, or what clients are told; a word now and then. */
  private withOwn(answer: string): string {
    const { random, words } = this
    const own = random.below(8) === 0 ? `${HEADERS.waited}: 0\r\n` : slots(random)
    const word = `word-${random.below(1000)}`
    const tells = random.below(2) === 0
    if (tells) words.add(word)
    return answer.replace('X-W: ', `${own}${tells ? `${HEADERS.pass}: ${word}\r\n` : ''}X-W: `)
  }
}

const slots = (random: Random): string =>
  random.below(4) === 0 ? '' : `${HEADERS.slots}: ${random.below(4)};${random.below(4)}\r\n`

function turnedAway(kind: number, random: Random): string {
  const [line, reason] =
    kind === 0
      ? ['502 Bad Gateway', 'unreached']
      : kind === 1
        ? ['503 Service Unavailable', 'draining']
        : ['429 Too Many Requests', 'no-slot']
  const close = random.below(4) === 0 ? 'Connection: close\r\n' : ''
  const head = `HTTP/1.1 ${line}\r\n${HEADERS.reason}: ${reason}\r\n${slots(random)}${close}`
  return `${head}Content-Length: 4\r\n\r\nbusy`
}
