import type { Random } from './prng.ts'

/** A model under virtual time (us): takes jobs, says when the next one is done. */
export interface Server {
  start: (job: number, now: number) => void
  nextAt: () => number
  /** Jobs done at `now`. */
  done: (now: number) => number[]
  /** CPU us used since the last call; null where the plant shows none. */
  cpu: (now: number) => number | null
}

class Heap {
  private readonly items: [number, number][] = []
  get top(): number {
    return this.items[0]?.[0] ?? Infinity
  }
  get size(): number {
    return this.items.length
  }
  push(key: number, value: number): void {
    const { items } = this
    let i = items.push([key, value]) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if ((items[parent]?.[0] ?? 0) <= key) break
      items[i] = items[parent] as [number, number]
      i = parent
    }
    items[i] = [key, value]
  }
  pop(): number {
    const { items } = this
    const first = items[0]
    const last = items.pop()
    if (first === undefined || last === undefined) throw new Error('empty heap')
    if (items.length > 0) {
      let i = 0
      for (;;) {
        let child = 2 * i + 1
        if (child >= items.length) break
        if ((items[child + 1]?.[0] ?? Infinity) < (items[child]?.[0] ?? 0)) child++
        if ((items[child]?.[0] ?? 0) >= last[0]) break
        items[i] = items[child] as [number, number]
        i = child
      }
      items[i] = last
    }
    return first[1]
  }
}

/** Waits for I/O, then shares `cores` equally with the others. `work` gives [io, cpu] in us. */
export function processorSharing(options: {
  cores: number
  work: (r: Random) => [number, number]
  showsCpu: boolean
  random: Random
}): Server {
  const waiting = new Heap()
  const running = new Heap()
  const need = new Map<number, number>()
  let attained = 0
  let at = 0
  let used = 0
  const rate = (): number => Math.min(1, options.cores / Math.max(1, running.size))
  const advance = (now: number): void => {
    attained += (now - at) * rate()
    used += (now - at) * Math.min(options.cores, running.size)
    at = now
  }
  const nextAt = (): number =>
    Math.min(waiting.top, running.size === 0 ? Infinity : at + (running.top - attained) / rate())
  return {
    start(job, now) {
      advance(now)
      const [io, cpu] = options.work(options.random)
      need.set(job, cpu)
      waiting.push(now + io, job)
    },
    nextAt,
    done(now) {
      advance(now)
      const out: number[] = []
      while (running.top <= attained + 1e-3) out.push(running.pop())
      while (waiting.top <= now) {
        const job = waiting.pop()
        running.push(attained + (need.get(job) ?? 0), job)
        need.delete(job)
      }
      return out
    },
    cpu(now) {
      advance(now)
      const out = used
      used = 0
      return options.showsCpu ? Math.round(out) : null
    },
  }
}

/** Takes all that wait, at most `most`, whenever it is free; a batch takes fixed + each x size us. */
export function batcher(options: { most: number; fixed: number; each: number }): Server {
  const queue: number[] = []
  let batch: number[] = []
  let until = Infinity
  const begin = (now: number): void => {
    if (batch.length > 0 || queue.length === 0) return
    batch = queue.splice(0, options.most)
    until = now + options.fixed + options.each * batch.length
  }
  return {
    start(job, now) {
      queue.push(job)
      begin(now)
    },
    nextAt: () => until,
    done(now) {
      if (now < until) return []
      const out = batch
      batch = []
      until = Infinity
      begin(now)
      return out
    },
    cpu: () => null,
  }
}
