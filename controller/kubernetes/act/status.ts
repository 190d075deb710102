import { wordsOfError, type Log } from '../../../core/runtime/log.ts'
import type { Kube } from '../api/client.ts'
import { statusOf } from '../api/error.ts'
import { NAMES } from '../watch/names.ts'
import type { Deployment } from '../watch/objects.ts'
import { annotate, epochOf } from './fence.ts'

/** What an endpoint's Deployment says of it in `outrigger.dev/status`. */
export interface Status {
  /** Wanted. */
  replicas: number
  /** Requests a replica. */
  limit: number
  /** Of the last decision that changed something. */
  decision: string
  /** ms since 1970. */
  at: number
}

interface Board {
  wanted: Status & { epoch: number }
  written: string
  writtenAt: number
}

export interface StatusDesk {
  kube: Kube
  deployment: (endpoint: string) => Deployment | null
  held: () => boolean
  /** ms, monotonic. */
  now: () => number
  log: Log
}

/** A write to a Deployment makes its controller work: so seldom, and only for a change. */
const EVERY_MS = 30_000
/** So many a second at most, over all endpoints. */
const AT_ONCE = 10

/** Keeps the status annotations: for people who look at the Deployment; the log is the record. */
export class Statuses {
  private readonly desk: StatusDesk
  private readonly boards = new Map<string, Board>()

  constructor(desk: StatusDesk) {
    this.desk = desk
  }

  note(endpoint: string, status: Status, epoch: number): void {
    const known = this.boards.get(endpoint)
    const wanted = { ...status, epoch }
    if (known === undefined)
      this.boards.set(endpoint, { wanted, written: '', writtenAt: -Infinity })
    else known.wanted = wanted
  }

  /** Writes those that are due. Called each second. */
  async sweep(): Promise<void> {
    const { deployment, now } = this.desk
    const due: [Deployment, Board][] = []
    for (const [endpoint, board] of this.boards) {
      const found = deployment(endpoint)
      if (found === null) this.boards.delete(endpoint)
      else if (due.length < AT_ONCE && now() >= board.writtenAt + EVERY_MS && differs(board))
        due.push([found, board])
    }
    await Promise.all(due.map(([found, board]) => this.write(found, board)))
  }

  private async write(deployment: Deployment, board: Board): Promise<void> {
    const { kube, held, now, log } = this.desk
    const { epoch, ...status } = board.wanted
    // A leader that came after has the say; and what we know of the Deployment is its precondition.
    if (!held() || epochOf(deployment) > epoch) return
    board.writtenAt = now()
    const text = JSON.stringify({ ...status, at: new Date(status.at).toISOString() })
    try {
      if (deployment.metadata.annotations?.[NAMES.status] !== text)
        await annotate(kube, deployment, { [NAMES.status]: text })
      board.written = keyOf(status)
    } catch (error) {
      // Written by others meanwhile: the next second knows the newer version.
      if (statusOf(error) === 409) board.writtenAt = -Infinity
      else log('warn', "can't write a status", { why: wordsOfError(error) })
    }
  }
}

function differs({ wanted, written }: Board): boolean {
  return keyOf(wanted) !== written
}

function keyOf({ replicas, limit }: Status): string {
  return `${replicas} ${limit}`
}
