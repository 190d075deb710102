import { fork, type ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ReplicaTable } from '../core/model/tables.ts'
import type { Log } from '../core/runtime/log.ts'
import type { Mark } from './line.ts'
import { ownerOf } from './owner.ts'
import type { Room, Second } from './room.ts'

/** From the parent to a worker. A connection travels with `accept` as its handle. */
export type ToWorker =
  | { kind: 'table'; table: ReplicaTable }
  | { kind: 'accept'; endpoint: string; n: number }
  | { kind: 'second'; mark: Mark }
  | { kind: 'leave' }
  | { kind: 'drain'; mostMs: number }
/** From a worker to its parent. */
export type FromWorker =
  | { kind: 'second'; seq: number; second: Second }
  | { kind: 'activate'; endpoint: string }
  /** The connection is the worker's now. */
  | { kind: 'took'; n: number }

/** A worker that has not answered by then is left out of the second. */
const SECOND_MS = 400
/** A worker that died is started again after this, doubled with each early death. */
const AGAIN_MS = 100
const MOST_AGAIN_MS = 5000
/** A life this long was a good one: what was before it is forgotten. */
const GOOD_LIFE_MS = 10_000

export interface WorkersAround {
  version: string
  log: Log
  /** Connections that may wait for a worker to take them. */
  connections: number
  activate(endpoint: string): void
}

const NOTHING: Second = { lines: [], totals: {} }

/**
 * Worker processes that each own the endpoints which hash to them. The parent accepts all connections and
 * hands each to its owner as a file descriptor: one queue an endpoint, and no second HTTP hop. A worker
 * that dies is started again; the ports stay open meanwhile.
 */
export class WorkerRooms implements Room {
  private readonly workers: Worker[]

  constructor(count: number, around: WorkersAround) {
    this.workers = Array.from({ length: count }, (_, i) => new Worker(i, count, around))
  }

  table(table: ReplicaTable): void {
    this.workers.forEach((worker, i) => {
      const endpoints = table.endpoints.filter(
        entry => ownerOf(entry.endpoint, this.workers.length) === i,
      )
      worker.table({ ...table, endpoints })
    })
  }

  accept(endpoint: string, socket: Socket): void {
    this.workers[ownerOf(endpoint, this.workers.length)]?.accept(endpoint, socket)
  }

  async second(mark: Mark): Promise<Second> {
    const parts = await Promise.all(this.workers.map(worker => worker.second(mark)))
    return {
      lines: parts.flatMap(part => part.lines),
      totals: Object.assign({}, ...parts.map(part => part.totals)) as Second['totals'],
    }
  }

  leave(): void {
    for (const worker of this.workers) worker.leave()
  }

  async drain(mostMs: number): Promise<void> {
    await Promise.all(this.workers.map(worker => worker.drain(mostMs)))
  }
}

class Worker {
  private readonly index: number
  /** How many there are. */
  private readonly of: number
  private readonly around: WorkersAround
  private child: ChildProcess
  private last: ReplicaTable | null = null
  private waiting: { seq: number; resolve: (second: Second) => void } | null = null
  /** What comes still is served: a worker that dies is started again. */
  private closing = false
  private leaving = false
  /** Connections that the worker has not taken yet: they outlive it. */
  private readonly handing = new Map<number, { endpoint: string; socket: Socket }>()
  private lastN = 0
  private againMs = AGAIN_MS

  constructor(index: number, of: number, around: WorkersAround) {
    this.index = index
    this.of = of
    this.around = around
    this.child = this.start()
  }

  table(table: ReplicaTable): void {
    this.last = table
    this.tell({ kind: 'table', table })
  }

  accept(endpoint: string, socket: Socket): void {
    // A worker that stalls, or is being started again: there are descriptors for so many.
    if (this.handing.size >= this.around.connections) return void socket.destroy()
    this.handing.set(++this.lastN, { endpoint, socket })
    this.hand(this.lastN)
  }

  second(mark: Mark): Promise<Second> {
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(NOTHING), SECOND_MS)
      this.waiting = {
        seq: mark.seq,
        resolve: second => {
          clearTimeout(timer)
          resolve(second)
        },
      }
      this.tell({ kind: 'second', mark })
    })
  }

  leave(): void {
    this.closing = true
    this.tell({ kind: 'leave' })
  }

  drain(mostMs: number): Promise<void> {
    this.leaving = true
    const { child } = this
    if (child.exitCode !== null || child.signalCode !== null) {
      for (const { socket } of this.handing.values()) socket.destroy()
      return Promise.resolve()
    }
    return new Promise(resolve => {
      const timer = setTimeout(() => child.kill('SIGKILL'), mostMs + 1000)
      child.once('exit', () => {
        clearTimeout(timer)
        resolve()
      })
      this.tell({ kind: 'drain', mostMs })
    })
  }

  private start(): ChildProcess {
    // From edge/ as from dist/chunks/.
    const file = new URL(`../edge/worker${extname(import.meta.filename)}`, import.meta.url)
    const since = performance.now()
    const child = fork(fileURLToPath(file), [this.around.version, String(this.of)])
    child.on('message', message => this.take(message as FromWorker))
    child.on('error', error => this.around.log('error', 'worker', { cause: error.message }))
    child.once('exit', (code, signal) => {
      if (this.leaving) return
      if (performance.now() - since >= GOOD_LIFE_MS) this.againMs = AGAIN_MS
      const { againMs } = this
      this.againMs = Math.min(againMs * 2, MOST_AGAIN_MS)
      this.around.log('error', 'a worker died: it is started again', {
        worker: this.index,
        code,
        signal,
        againMs,
      })
      setTimeout(() => this.startAgain(), againMs)
    })
    return child
  }

  private startAgain(): void {
    if (this.leaving) return
    this.child = this.start()
    if (this.last !== null) this.tell({ kind: 'table', table: this.last })
    if (this.closing) this.tell({ kind: 'leave' })
    for (const n of this.handing.keys()) this.hand(n)
  }

  private hand(n: number): void {
    const one = this.handing.get(n)
    if (one === undefined) return
    const message: ToWorker = { kind: 'accept', endpoint: one.endpoint, n }
    // An error means that it has died: what it did not take goes to its successor.
    this.child.send(message, one.socket, { keepOpen: true }, () => undefined)
  }

  private tell(message: ToWorker): void {
    // An error here means that it has died: it gets the table when it starts again.
    this.child.send(message, () => undefined)
  }

  private take(message: FromWorker): void {
    if (message.kind === 'activate') return this.around.activate(message.endpoint)
    if (message.kind === 'took') {
      this.handing.get(message.n)?.socket.destroy()
      return void this.handing.delete(message.n)
    }
    if (this.waiting?.seq === message.seq) this.waiting.resolve(message.second)
  }
}
