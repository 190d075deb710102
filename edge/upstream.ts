import type { Dial } from '../core/carry/link.ts'
import { Pool } from '../core/carry/pool.ts'
import type { Time } from '../core/carry/time.ts'
import type { Bounds } from '../core/http/lines.ts'
import { splitAddress, type Address } from '../core/runtime/environment.ts'
import { Words } from './words.ts'

/** How replicas are reached. */
export interface Reach {
  bounds: Bounds
  time: Time
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
  readonly words = new Words()

  constructor(replica: string, address: string, { bounds, time, dial }: Reach) {
    this.replica = replica
    this.address = address
    const { host, port } = splitAddress(address)
    this.host = host
    this.port = port
    this.pool = new Pool(dial({ host, port }), bounds, time)
  }
}
