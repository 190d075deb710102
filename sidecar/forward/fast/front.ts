import {
  front as clientFront,
  type Front as ClientFront,
  type FrontOptions as ClientOptions,
} from '../../../core/carry/front.ts'
import { Kept } from '../../../core/carry/kept.ts'
import type { Dial } from '../../../core/carry/link.ts'
import { Pool } from '../../../core/carry/pool.ts'
import { realTime } from '../../../core/carry/time.ts'
import type { Desk } from '../../desk.ts'
import { Exchange } from './exchange.ts'

/** The fast carrier: HTTP/1.1 on sockets, from the client's connection to the model's. */
export interface FrontOptions extends Omit<
  ClientOptions,
  'ask' | 'closing' | 'kept' | 'look' | 'unread'
> {
  desk: Desk
  /** Bytes that all clients together may make us keep. */
  keptBytes: number
  /** A new connection to the model. */
  dial: Dial
}

export interface Front extends ClientFront {
  /** Connections of clients and to the model, and the bytes that clients make us keep. */
  open(): { clients: number; links: number; kept: number }
}

export function front(options: FrontOptions, time = realTime): Front {
  const { desk } = options
  const pool = new Pool(options.dial, options.bounds, time)
  const clients = clientFront(
    {
      ...options,
      kept: new Kept(options.keptBytes),
      unread: desk.unread,
      ask: (head, upload, asker, arrivedUs) =>
        new Exchange(desk, pool, head, upload, asker, arrivedUs),
      closing: () => desk.closing(),
      look: nowMs => pool.sweep(nowMs),
    },
    time,
  )
  return {
    ...clients,
    open: () => ({ ...clients.open(), links: pool.size }),
    close() {
      clients.close()
      pool.close()
    },
  }
}
