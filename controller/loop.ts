/** Runs `work` each second and at once when `now` is called; never two at a time, and late ones are not made up for. */
export interface Loop {
  now(): void
  /** Waits for the one that runs. */
  stop(): Promise<void>
}

export function eachSecond(work: () => Promise<void>): Loop {
  const started = performance.now()
  let running: Promise<void> | null = null
  let again = false
  let stopped = false
  let timer: NodeJS.Timeout | null = null

  function plan(): void {
    if (stopped) return
    const late = (performance.now() - started) % 1000
    timer = setTimeout(() => {
      plan()
      run()
    }, 1000 - late)
  }
  function run(): void {
    if (stopped || running !== null) return
    running = work().finally(() => {
      running = null
      if (again) {
        again = false
        run()
      }
    })
  }
  plan()
  return {
    now() {
      if (running === null) run()
      else again = true
    },
    async stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
      await running
    },
  }
}

/** Who wants to be told of something. */
export class Bell {
  private readonly listeners = new Set<() => void>()

  readonly listen = (tell: () => void): (() => void) => {
    this.listeners.add(tell)
    return () => this.listeners.delete(tell)
  }

  ring(): void {
    for (const tell of this.listeners) tell()
  }
}
