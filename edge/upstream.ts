import type { Bounds } from '../core/http/lines.ts'
import { dialer, Pool } from '../core/carry/pool.ts'
import { realTime } from '../core/carry/time.ts'
import { splitAddress } from '../core/runtime/environment.ts'

/** A replica's traffic address and its own pool of kept connections. */
export class Upstream {
  readonly replica: string
  readonly address: string
  readonly host: string
  readonly port: number
  readonly pool: Pool

  constructor(replica: string, address: string, bounds: Bounds) {
    this.replica = replica
    this.address = address
    const { host, port } = splitAddress(address)
    this.host = host
    this.port = port
    this.pool = new Pool(dialer({ host, port }), bounds, realTime)
  }
}
