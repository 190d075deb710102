import { front, type Front } from '../../../core/carry/front.ts'
import { Kept } from '../../../core/carry/kept.ts'
import { Unread } from '../../../core/carry/unread.ts'
import { Call } from '../../../edge/call.ts'
import { Desk, type Surroundings } from '../../../edge/desk.ts'
import { Places } from '../../../edge/places.ts'
import type { Random } from '../../../simulate/random.ts'
import { VirtualClient } from '../../sidecar/virtual/client.ts'
import { VirtualSocket } from '../../sidecar/virtual/socket.ts'
import { reading, VirtualTime } from '../../sidecar/virtual/time.ts'
import { entry } from '../bench.ts'
import { VirtualReplica } from './replica.ts'

const LIMITS = { headBytes: 2000, headers: 20 }
const MOST_CLIENTS = 6
const REPLICAS = 3
/** Three clients may leave something unread. */
const UNREAD = 200_000
/** Rounds. */
const TROUBLED = 40

/** Clients and replicas around the real requests of an edge, and one chance after the other. */
export class World {
  readonly time = new VirtualTime()
  readonly clients: VirtualClient[] = []
  readonly replicas: VirtualReplica[] = []
  readonly mostHeld: number
  readonly places: Places
  readonly desk: Desk
  readonly front: Front
  private readonly random: Random
  private words = 0

  constructor(random: Random) {
    this.random = random
    this.mostHeld = 2 + random.below(10)
    this.places = new Places(this.mostHeld)
    this.desk = new Desk(this.entry(), this.around())
    const { bounds, kept, unread, time } = this.desk.around
    this.front = front(
      {
        ...bounds,
        bounds,
        ask: (head, upload, asker, arrivedUs) =>
          new Call(this.desk, head, upload, asker, arrivedUs),
        reading,
        kept,
        unread,
        keepAlive: 'connection: keep-alive\r\n',
        closing: () => this.desk.closing,
        look: nowMs => this.desk.sweep(nowMs),
        handOver: socket => this.handed(socket as unknown as VirtualSocket),
      },
      time,
    )
  }

  private around(): Surroundings {
    const { random } = this
    return {
      edge: 'edge-1',
      clock: this.time.clock,
      time: this.time.time,
      dial: () => link => {
        const socket = new VirtualSocket(true, false, bytes => link.read(bytes))
        this.replicas.push(new VirtualReplica(socket, random))
        return socket.socket
      },
      random: () => random.below(1000) / 1000,
      log: () => undefined,
      spans: { end: () => undefined, take: () => [] },
      bounds: {
        ...LIMITS,
        connections: 100,
        upgrades: 0,
        unreadBytes: UNREAD,
        pipelineBytes: 300,
        headTimeoutMs: 1000,
        idleTimeoutMs: 5000,
        bodyTimeoutMs: 1000,
      },
      kept: new Kept(random.below(4) === 0 ? 4000 : 400_000),
      unread: new Unread(UNREAD, 1e9),
      places: this.places,
      activate: () => undefined,
    }
  }

  private entry(): Desk['entry'] {
    const { random } = this
    const replicas = Array.from({ length: REPLICAS }, (_, i) => ({
      replica: `r${i}`,
      address: `127.0.0.1:${i + 1}`,
      ready: random.below(4) > 0,
      revision: 'r1',
    }))
    return entry([], {
      limit: 1 + random.below(3),
      queueUs: 1000 * (1 + random.below(3000)),
      holdUs: 1000 * (1 + random.below(3000)),
      growing: random.below(3) === 0,
      replicas: replicas.filter(() => random.below(4) > 0),
    })
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
    const replica = this.replicas[random.below(this.replicas.length)]
    switch (random.below(18)) {
      case 0:
      case 1:
        if (this.clients.length < MOST_CLIENTS) this.arrive()
        break
      case 2:
      case 3:
      case 4:
      case 5:
        client?.send()
        break
      case 6:
        if (random.below(4) === 0) client?.goAway(random.below(2) === 0)
        break
      case 7:
        client?.socket.clog(random.below(2) === 0)
        break
      case 8:
        replica?.socket.clog(random.below(2) === 0)
        break
      case 9:
        this.pass(random.below(10) === 0 ? 3000 : random.below(100))
        break
      case 10:
        if (random.below(8) === 0) replica?.die()
        break
      case 11:
        if (random.below(4) === 0) this.desk.table(this.entry())
        break
      default:
        replica?.act(false)
    }
    this.turn()
  }

  /** Clients do what they should and, after a while, replicas do: whoever is there still gets what it asked for. */
  settle(): void {
    for (let round = 0; round < 200; round++) {
      if (round === 0 || round === TROUBLED) this.fresh(`${9000 + round}`)
      for (const client of this.clients) {
        client.socket.clog(false)
        client.send()
      }
      for (let i = 0; i < 4; i++) {
        for (const { socket } of this.replicas) socket.clog(false)
        for (const replica of this.replicas) replica.act(round >= TROUBLED)
        this.turn()
      }
      // Less at a time than a client may rest, or take for its body.
      this.pass(round < 150 ? 50 : 500)
      this.turn()
    }
  }

  private fresh(port: string): void {
    const replicas = [{ replica: port, address: `127.0.0.1:${port}`, ready: true, revision: 'r1' }]
    this.desk.table(entry([], { limit: 3, queueUs: 6e7, holdUs: 6e7, replicas }))
  }

  /** All sockets do what they can. */
  turn(): void {
    for (let busy = true; busy;) {
      busy = false
      for (const { socket } of [...this.clients, ...this.replicas]) if (socket.turn()) busy = true
    }
  }

  pass(ms: number): void {
    this.time.pass(ms)
    this.front.look()
    if (this.random.below(4) === 0) this.desk.second()
  }

  private arrive(): void {
    const client = new VirtualClient(this.random, 1 + this.random.below(3), () => this.words++)
    this.clients.push(client)
    this.front.accept(client.socket.socket)
  }
}
