import { backOff, jsonLines } from './lines.ts'

/** A followed stream that comes back by itself. */
export interface Following {
  /** Tries again at once. */
  retry(): void
  stop(): void
}

interface Listener {
  line(value: unknown): void
  /** The first line after a start or a loss has come. */
  alive(): void
  /** Nothing comes any more; the next try is in `ms`. */
  lost(ms: number): void
}

/** The controller sends a line each second: this much silence means that it has gone. */
const SILENCE_MS = 5000

export function follow(url: string, listener: Listener): Following {
  let tries = 0
  let stopped = false
  let timer: number | undefined
  let watch: number | undefined
  let current = new AbortController()

  async function read(signal: AbortSignal): Promise<void> {
    const response = await fetch(url, { signal, cache: 'no-store' })
    if (!response.ok || response.body === null) throw new Error(`answered ${response.status}`)
    const take = jsonLines(value => {
      expect()
      if (tries !== 0) listener.alive()
      tries = 0
      listener.line(value)
    })
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) take(text)
  }

  function expect(): void {
    clearTimeout(watch)
    watch = setTimeout(() => current.abort(), SILENCE_MS)
  }

  function connect(): void {
    clearTimeout(timer)
    current = new AbortController()
    const mine = current
    tries++
    expect()
    read(mine.signal)
      .catch(() => undefined)
      .finally(() => {
        if (stopped || mine !== current) return
        clearTimeout(watch)
        mine.abort()
        tries = Math.max(1, tries)
        const ms = backOff(tries)
        listener.lost(ms)
        timer = setTimeout(connect, ms)
      })
  }
  connect()
  return {
    retry() {
      current.abort()
      connect()
    },
    stop() {
      stopped = true
      clearTimeout(timer)
      clearTimeout(watch)
      current.abort()
    },
  }
}

/** GET of JSON; null when there is no such thing. Throws when the controller can't be reached. */
export async function get(url: string): Promise<unknown> {
  const response = await fetch(url, { cache: 'no-store' })
  if (response.status === 404) return null
  if (!response.ok) throw new Error(`the controller answered ${response.status}`)
  return response.json()
}
