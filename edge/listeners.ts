import { createServer, type Server, type Socket } from 'node:net'
import type { ReplicaTable } from '../core/model/tables.ts'
import { listenAt, shownAddress } from '../core/runtime/listen.ts'
import type { Log } from '../core/runtime/log.ts'

/** The traffic ports of the endpoints, opened and closed as the table changes. */
export interface Listeners {
  /** Resolves when each port is open or has failed once. */
  table(table: ReplicaTable): Promise<void>
  /** host:port by endpoint, of those that are open. */
  addresses(): Record<string, string>
  close(): void
}

const AGAIN_MS = 1000
const BACKLOG = 1024

export function listeners(options: {
  host: string
  log: Log
  /** Sockets come paused, to be handed to another process. */
  paused: boolean
  accept(endpoint: string, socket: Socket): void
}): Listeners {
  const open = new Map<string, Listener>()
  return {
    async table(table) {
      const wanted = new Map(table.endpoints.map(entry => [entry.endpoint, entry.port]))
      for (const [endpoint, listener] of open) {
        if (wanted.get(endpoint) === listener.port) continue
        listener.close()
        open.delete(endpoint)
      }
      const opening: Promise<void>[] = []
      for (const [endpoint, port] of wanted) {
        if (open.has(endpoint)) continue
        const listener = new Listener(endpoint, port, options)
        open.set(endpoint, listener)
        opening.push(listener.open())
      }
      await Promise.all(opening)
    },
    addresses() {
      const known = [...open].flatMap(([endpoint, { address }]) =>
        address === null ? [] : [[endpoint, address] as const],
      )
      return Object.fromEntries(known)
    },
    close() {
      for (const listener of open.values()) listener.close()
      open.clear()
    },
  }
}

type Options = Parameters<typeof listeners>[0]

class Listener {
  readonly port: number
  address: string | null = null
  private readonly endpoint: string
  private readonly options: Options
  private server: Server | null = null
  private timer: NodeJS.Timeout | null = null
  private said = false

  constructor(endpoint: string, port: number, options: Options) {
    this.endpoint = endpoint
    this.port = port
    this.options = options
  }

  /** A port that is taken is tried again each second: its owner may be an old edge that drains. */
  open(): Promise<void> {
    const { endpoint, port } = this
    const { host, log, paused, accept } = this.options
    const server = createServer({ pauseOnConnect: paused, noDelay: true }, socket => {
      socket.on('error', () => socket.destroy())
      accept(endpoint, socket)
    })
    this.server = server
    return listenAt(server, { host, port }, BACKLOG).then(
      bound => {
        server.on('error', error => log('error', 'listening', { endpoint, cause: error.message }))
        this.address = shownAddress(bound)
        log('info', 'listening', { endpoint, address: this.address })
      },
      (error: Error) => {
        if (!this.said)
          log('error', `can't listen for ${endpoint}`, { host, port, cause: error.message })
        this.said = true
        this.timer = setTimeout(() => void this.open(), AGAIN_MS)
      },
    )
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.address = null
    this.server?.close()
  }
}
