import { Agent, request } from 'node:http'

/** An exact counting client: each request sent ends in exactly one of these. */
export interface Tally {
  sent: number
  ok: number
  rejected: number
  /** Answered 5xx. */
  failed: number
  /** No whole answer: reset, refused, cut off. */
  lost: number
  other: number
  /** What went wrong, the first few, for the reader of a failed test. */
  words: string[]
}

export interface Wanted {
  url: string
  path: string
  body: unknown
}

function newTally(): Tally {
  return { sent: 0, ok: 0, rejected: 0, failed: 0, lost: 0, other: 0, words: [] }
}

/** One request; never rejects. */
function send(wanted: Wanted, agent: Agent, tally: Tally): Promise<void> {
  const body = Buffer.from(JSON.stringify(wanted.body))
  tally.sent++
  return new Promise(done => {
    const end = (what: 'ok' | 'rejected' | 'failed' | 'lost' | 'other', words?: string): void => {
      tally[what]++
      if (words !== undefined && tally.words.length < 5) tally.words.push(words)
      done()
    }
    let answered = false
    const asked = request(
      `${wanted.url}${wanted.path}`,
      {
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json', 'content-length': body.length },
      },
      response => {
        answered = true
        const status = response.statusCode ?? 0
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', () => {})
        response.on('close', () => {
          const said = `${status} ${String(response.headers['x-outrigger-reason'])} ${Buffer.concat(parts).toString().slice(0, 200)}`
          if (!response.complete) end('lost', `cut off after ${said}`)
          else if (status >= 500) end('failed', said)
          else if (status === 429) end('rejected')
          else if (status === 200) end('ok')
          else end('other', said)
        })
      },
    )
    asked.on('error', error => {
      // Once a head has come, its end decides.
      if (!answered) end('lost', error.message)
    })
    asked.end(body)
  })
}

/** `width` requests at once, each followed by the next, until stopped. */
export function closedLoop(
  wanted: Wanted,
  width: number,
): { tally: Tally; stop(): Promise<Tally> } {
  const agent = new Agent({ keepAlive: true, maxSockets: width })
  const tally = newTally()
  let going = true
  const one = async (): Promise<void> => {
    while (going) {
      const before = tally.rejected
      await send(wanted, agent, tally)
      // A turned-away client waits a little, as Retry-After asks: else this loop measures 429s.
      if (tally.rejected > before) await pause(100)
    }
  }
  const all = Array.from({ length: width }, one)
  return {
    tally,
    async stop() {
      going = false
      await Promise.all(all)
      agent.destroy()
      return tally
    },
  }
}

/** Evenly spaced arrivals at a rate that may be changed, whatever became of those before. */
export function openLoop(
  wanted: Wanted,
  perSecond: number,
): { tally: Tally; rate(perSecond: number): void; stop(): Promise<Tally> } {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
  const tally = newTally()
  const open = new Set<Promise<void>>()
  let rate = perSecond
  let due = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    due += ((now - last) / 1000) * rate
    last = now
    for (; due >= 1; due--) {
      const one = send(wanted, agent, tally)
      open.add(one)
      void one.then(() => open.delete(one))
    }
  }, 10)
  return {
    tally,
    rate: next => void (rate = next),
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
      agent.destroy()
      return tally
    },
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise(done => setTimeout(done, ms))
}

/** Asks until it is so; rejects with `what` after `ms`. */
export async function until<T>(
  what: string,
  ms: number,
  ask: () => Promise<T | null | false> | T | null | false,
  everyMs = 100,
): Promise<T> {
  const end = performance.now() + ms
  for (;;) {
    const answer = await ask()
    if (answer !== null && answer !== false) return answer
    if (performance.now() > end) throw new Error(`not within ${ms / 1000} s: ${what}`)
    await pause(everyMs)
  }
}
