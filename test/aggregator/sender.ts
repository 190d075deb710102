import { RESUME, type Sample } from '../../core/model/sample.ts'
import { HEADERS } from '../../core/model/tables.ts'
import { serve, type Served } from '../../core/runtime/admin.ts'

/** A sender of samples on a real port, as sidecars and edges are: a ring, a resume, a line each push. */
export interface FakeSender {
  address: string
  /** Each `since` that was asked for. */
  asked: string[]
  /** ms that its clock is ahead. */
  skew: number
  /** Keeps a sample (or any line) and sends it to whoever follows; silent: keeps it only. */
  push(line: Sample | string, silent?: boolean): void
  /** Breaks every connection, and listens again on the same port. */
  cut(): Promise<void>
  close(): Promise<void>
}

export async function fakeSender(skew = 0): Promise<FakeSender> {
  const ring: (Sample | string)[] = []
  const writers = new Set<(line: unknown) => void>()
  const asked: string[] = []
  const listen = (port: number): Promise<Served> =>
    serve({
      host: '127.0.0.1',
      port,
      routes: [
        {
          at: 'GET /v1/samples',
          handle({ query }) {
            const since = query.get('since') ?? ''
            asked.push(since)
            const missed = ring.filter(line => isMissed(line, since)).slice(-RESUME)
            return {
              headers: { [HEADERS.now]: String(Date.now() + sender.skew) },
              follow(write) {
                for (const line of missed) write(line)
                writers.add(write)
                return () => void writers.delete(write)
              },
            }
          },
        },
      ],
    })
  let served = await listen(0)
  const sender: FakeSender = {
    address: served.address,
    asked,
    skew,
    push(line, silent = false) {
      ring.push(line)
      if (!silent) for (const write of writers) write(line)
    },
    async cut() {
      await served.close()
      served = await listen(served.port)
    },
    close: () => served.close(),
  }
  return sender
}

function isMissed(line: Sample | string, since: string): boolean {
  const [boot, seq] = since.split(':')
  return typeof line === 'string' || line.boot !== boot || line.seq > Number(seq)
}

/** What `find` first gives that is neither undefined, null nor false: for real sockets, which take their time. */
export async function until<T>(find: () => T | undefined | null | false, ms = 10_000): Promise<T> {
  for (const end = performance.now() + ms; performance.now() < end;) {
    const found = find()
    if (found !== undefined && found !== null && found !== false) return found
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error(`not seen within ${ms} ms`)
}
