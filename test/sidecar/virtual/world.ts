import type { Desk } from '../../../sidecar/desk.ts'
import { Admission } from '../../../sidecar/admit/admission.ts'
import { front, type Front } from '../../../sidecar/forward/fast/front.ts'
import { gate } from '../../../sidecar/gate.ts'
import { spans } from '../../../sidecar/spans.ts'
import type { Random } from '../../../simulate/random.ts'
import { Unread } from '../../../core/carry/unread.ts'
import { referenceRequests } from '../../core/http/fuzz/reference.ts'
import { VirtualClient, wasAsked } from './client.ts'
import { answerTo, FORGED } from './messages.ts'
import { VirtualSocket } from './socket.ts'
import { reading, VirtualTime } from './time.ts'

/** Clients and a model around a real front, and one chance after the other. */
interface VirtualModel {
  socket: VirtualSocket
  /** Requests that it has answered. */
  answered: number
  /** The rest of an answer under way. */
  rest: string[]
}

const LIMITS = { headBytes: 2000, headers: 20 }

export class World {
  readonly time = new VirtualTime()
  readonly clients: VirtualClient[] = []
  readonly models: VirtualModel[] = []
  readonly admission: Admission
  readonly front: Front
  private readonly random: Random
  private words = 0

  constructor(random: Random) {
    this.random = random
    const first = { limit: 1 + random.below(3), queueUs: 1e12, objectiveUs: null }
    this.admission = new Admission(first, 0, 0)
    const { clock } = this.time
    const desk: Desk = {
      healthPaths: new Set(['/health']),
      mostHeaders: LIMITS.headers,
      clock,
      admission: this.admission,
      gate: gate(this.admission, clock),
      carrier: {
        send: () => {
          throw new Error('not here')
        },
        open: () => 0,
        close: () => undefined,
      },
      passes: { good: () => false, wordFor: () => null, moved: () => undefined },
      spans: spans(null),
      engine: {
        tick: () => undefined,
        ask: () => ({}),
        heard: () => undefined,
        read: () => ({ engine: null, gpu: null, tokens: null }),
        close: () => undefined,
      },
      unread: new Unread(150_000, 1000),
      closing: () => false,
      jitter: () => 0,
    }
    this.front = front(
      {
        desk,
        reading,
        dial: link => this.dialled(bytes => link.read(bytes)),
        bounds: LIMITS,
        headTimeoutMs: 1000,
        idleTimeoutMs: 5000,
        bodyTimeoutMs: 1000,
        pipelineBytes: 300,
        keptBytes: 4000,
        keepAlive: 'connection: keep-alive\r\n',
        handOver: socket => this.handed(socket as unknown as VirtualSocket),
      },
      this.time.time,
    )
  }

  private dialled(told: (bytes: Buffer) => void) {
    const socket = new VirtualSocket(true, false, told)
    this.models.push({ socket, answered: 0, rest: [] })
    return socket.socket
  }

  private handed(socket: VirtualSocket): void {
    const client = this.clients.find(one => one.socket === socket)
    if (client !== undefined) client.handed = true
    socket.destroy()
  }

  /** One thing happens, somewhere. */
  step(): void {
    const { random } = this
    const client = this.clients[random.below(this.clients.length)]
    const model = this.models[random.below(this.models.length)]
    switch (random.below(16)) {
      case 0:
        if (this.clients.length < 4) this.arrive()
        break
      case 1:
      case 2:
      case 3:
      case 4:
        client?.send()
        break
      case 5:
        if (random.below(6) === 0) client?.goAway(true)
        break
      case 6:
        if (random.below(6) === 0) client?.goAway(false)
        break
      case 7:
        client?.socket.clog(random.below(2) === 0)
        break
      case 8:
        model?.socket.clog(random.below(2) === 0)
        break
      case 9:
        this.pass(random.below(10) === 0 ? 3000 : random.below(100))
        break
      case 10:
        if (model !== undefined && random.below(8) === 0) this.end(model)
        break
      default:
        if (model !== undefined) this.modelDoes(model)
    }
    this.turn()
  }

  /** All sockets do what they can. */
  turn(): void {
    for (let busy = true; busy;) {
      busy = false
      for (const { socket } of [...this.clients, ...this.models]) if (socket.turn()) busy = true
    }
  }

  pass(ms: number): void {
    this.time.pass(ms)
    this.front.look()
  }

  private arrive(): void {
    const client = new VirtualClient(this.random, 1 + this.random.below(3), () => this.words++)
    this.clients.push(client)
    this.front.accept(client.socket.socket)
  }

  private modelDoes(model: VirtualModel): void {
    const { socket, rest } = model
    if (socket.closed) return
    if (socket.connecting) return this.random.below(5) === 0 ? socket.refuse() : socket.connect()
    const next = rest.shift()
    if (next !== undefined) return next === '!' ? socket.hangUp() : socket.say(next)
    const { messages } = referenceRequests(socket.wrote)
    const asked = messages[model.answered]
    // It may answer before it has read the whole body.
    if (asked === undefined || (!asked.whole && this.random.below(8) > 0)) return
    model.answered++
    const answer = answerTo(asked.what, this.random)
    for (let at = 0; at < answer.length;) {
      const size = 1 + this.random.below(300)
      rest.push(answer.slice(at, at + size))
      at += size
    }
    // What lies behind an answer lies in the same piece: later, nobody could tell it from the next answer.
    if (answer.includes('until')) rest.push('!')
    else if (this.random.below(10) === 0) rest.push(`${rest.pop() ?? ''}${FORGED}`)
    if (this.random.below(20) === 0) rest.splice(this.random.below(rest.length + 1), Infinity, '!')
  }

  private end({ socket }: VirtualModel): void {
    if (this.random.below(2) === 0) socket.hangUp()
    else socket.fail(new Error('RST'))
  }

  /** What is wrong with what the model was sent and what the clients got, in words. */
  problems(): string[] {
    return [
      ...this.models.flatMap(model => this.sentWrong(model)),
      ...this.clients.flatMap(client => client.problems()),
    ]
  }

  /** A request reaches the model once, or twice where it may be repeated; nothing reaches it that was not one. */
  private sentWrong({ socket }: VirtualModel): string[] {
    const { messages, end } = referenceRequests(socket.wrote)
    if (end !== 'more') return [`the model reads: ${end}: ${JSON.stringify(socket.wrote)}`]
    return messages.flatMap(({ what, body, whole }) =>
      wasAsked(this.clients, what, body, whole)
        ? []
        : [`the model reads ${what} ${body.length} ${body.slice(0, 99)}`],
    )
  }

  /** How often each request reached the model. */
  reached(): Map<string, number> {
    const count = new Map<string, number>()
    for (const { socket } of this.models) {
      for (const { what } of referenceRequests(socket.wrote).messages) {
        count.set(what, (count.get(what) ?? 0) + 1)
      }
    }
    return count
  }
}
