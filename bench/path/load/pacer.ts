import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Figures, Lane } from './open.ts'
import { OpenLoop } from './open.ts'

/** Nanoseconds of a clock that all threads and processes of the machine share. */
export const now = (): number => Number(process.hrtime.bigint())

export interface Pace {
  perSecond: number
  seconds: number
}

/** Wakes no more often: a finer timer costs the core more than it gives. */
const GAP_NS = 100_000
/** Left out of the latencies: connections and caches become warm. */
const WARM_SHARE = 0.15
/** What is not answered by then is lost. */
const LATE_MS = 3000

/** A message of the pacer: so many were due at this time (ns). */
type Released = [at: number, count: number]

/** Runs an open loop over the lanes. */
export async function paced(lanes: readonly Lane[], pace: Pace): Promise<Omit<Figures, 'core'>> {
  const loop = new OpenLoop(lanes, now, now() + WARM_SHARE * pace.seconds * 1e9)
  await releases(pace, ([at, count]) => {
    for (let i = 0; i < count; i++) loop.release(at)
  })
  const end = performance.now() + LATE_MS
  while (loop.unfinished > 0 && performance.now() < end) await sleep(5)
  return loop.figures()
}

/**
 * The timer is a thread of its own, which sleeps in the kernel: event-loop timers are a millisecond coarse,
 * and a loop that is busy with answers would release late, which is the omission to be avoided.
 */
async function releases(pace: Pace, take: (released: Released) => void): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: pace })
  worker.on('message', take)
  await new Promise((resolve, reject) => {
    worker.once('exit', resolve)
    worker.once('error', reject)
  })
}

/** In the thread. */
function release({ perSecond, seconds }: Pace): void {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  const start = now()
  const total = Math.floor(perSecond * seconds)
  const gapNs = Math.max(GAP_NS, 1e9 / perSecond)
  for (let sent = 0, due = start; sent < total;) {
    due += gapNs
    const left = due - now()
    if (left > 0) Atomics.wait(cell, 0, 0, left / 1e6)
    const at = now()
    const count = Math.min(total, Math.floor(((at - start) * perSecond) / 1e9)) - sent
    if (count <= 0) continue
    sent += count
    const message: Released = [at, count]
    parentPort?.postMessage(message)
  }
}

if (!isMainThread) release(workerData as Pace)
