import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Done, Task } from './worker.ts'

/** Gives the tasks to as many workers as there are cores; tells each result as it comes. */
export async function each(tasks: readonly Task[], done: (result: Done) => void): Promise<void> {
  const waiting = [...tasks]
  const workers = Math.min(tasks.length, availableParallelism())
  await Promise.all(Array.from({ length: workers }, () => work(waiting, done)))
}

function work(waiting: Task[], done: (result: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(join(import.meta.dirname, 'worker.ts'))
    const next = (): void => {
      const task = waiting.shift()
      if (task !== undefined) return worker.postMessage(task)
      void worker.terminate().then(() => resolve())
    }
    worker.on('error', reject)
    worker.on('message', (result: Done) => {
      done(result)
      next()
    })
    next()
  })
}
