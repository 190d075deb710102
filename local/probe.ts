import { call } from '../core/runtime/call.ts'

/** Asks a health path four times a second until it is good, then each second. Tells on each answer. */
export function probe(url: string, told: (good: boolean) => void): { stop(): void } {
  let stopped = false
  let timer: NodeJS.Timeout | null = null
  const ask = async (): Promise<void> => {
    const good = await call('GET', url, { timeoutMs: 2000 }).then(
      answer => answer.status === 200,
      () => false,
    )
    if (stopped) return
    told(good)
    timer = setTimeout(() => void ask(), good ? 1000 : 250)
  }
  void ask()
  return {
    stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}
