import type { Dial } from '../core/carry/link.ts'
import { Pool } from '../core/carry/pool.ts'
import type { Time } from '../core/carry/time.ts'
import type { Unread } from '../core/carry/unread.ts'
import type { Bounds } from '../core/http/lines.ts'
import { splitAddress, type Address } from '../core/runtime/environment.ts'
import { Way } from './way.ts'
import { Words } from './words.ts'

/** How replicas are reached. */
export interface Reach {
  bounds: Bounds
  time: Time
  /** Bytes of answers that clients leave unread. */
  unread: Unread
  /** A new connection to a replica. */
  dial(at: Address): Dial
}

/** A replica's traffic address and its own pool of kept connections. */
export class Upstream {
  readonly replica: string
  readonly address: string
  readonly host: string
  readonly port: number
  readonly pool: Pool
  /** For bodies that go for long: each has a connection of its own. */
  readonly bulk: Pool
  private readonly way: Way
  readonly words = new Words()

  constructor(replica: string, address: string, { bounds, time, unread, dial }: Reach) {
    this.replica = replica
    this.address = address
    const { host, port } = splitAddress(address)
    this.host = host
    this.port = port
    const plain = dial({ host, port })
    this.bulk = new Pool(plain, bounds, time)
    this.way = new Way(plain, { time, unread }, () => this.pool.renew())
    this.pool = new Pool(this.way.dial, bounds, time)
  }

  /** The sidecar takes lanes. Who asks one thing after the other has nothing to share, and one connection is enough. */
  offered(passLine: string): void {
    if (this.pool.size > 1) this.way.offered(passLine)
  }

  /** Done now and then: closes connections that rested long enough. */
  look(nowMs: number): void {
    this.pool.sweep(nowMs)
    this.bulk.sweep(nowMs)
    this.way.look(nowMs)
  }

  /** Nothing new; what is under way keeps its connection. */
  close(): void {
    this.pool.close()
    this.bulk.close()
    this.way.close()
  }
}
