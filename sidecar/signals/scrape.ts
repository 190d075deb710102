/**
 * Polls the metrics page of the model's engine on loopback, once a second, and keeps the last reading.
 * It finds the page by itself among a few candidates, and asks ever more seldom where there is none.
 */
import { Agent, get } from 'node:http'
import { engines } from './engine-table.ts'
import { readEngine } from './engines.ts'
import type { EngineReading } from './engines.ts'
import { EXPOSITION_BOUNDS } from '../../core/model/exposition.ts'

const POLL_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
/** While nobody uses the model a page is read so many times less often, and one that was not found is looked for. */
const RESTING = { found: 10, lost: 60 }
const TIME_OUT_MS = 500
/** After this many failures in a row the page is looked for again. */
const LOST_AFTER = 3

/** A place where a metrics page may be. */
export interface Page {
  host: string
  port: number
  path: string
}

/** Gives the text of a page; rejects when it is not there, too long or too slow. */
type FetchPage = (page: Page) => Promise<string>

export interface ScraperOptions {
  /** Where the app listens: 127.0.0.1 or ::1. */
  host: string
  appPort: number
  /** The page as configured; then no other is tried. */
  url: string | null
  /**
   * Loopback is the model's own, as in a pod: the engines' usual metrics ports are tried as well. On a
   * machine with several models they might be another's.
   */
  ownLoopback: boolean
  /** Told once each when no page is found, or a page of no engine that we know. */
  say: (sentence: string) => void
  fetch?: FetchPage
}

export interface EngineScraper {
  /**
   * To be called about once a second, with monotonic time; polls when due, one at a time. Never rejects.
   * `resting`: nobody uses the model.
   */
  tick(nowMs: number, resting: boolean): Promise<void>
  /** The last reading and its age in ms; null when there never was one, or the engine was lost. */
  last(nowMs: number): { reading: EngineReading; ageMs: number } | null
  /** Closes the kept connection. */
  close(): void
}

type Answer = { found: EngineReading } | { found: null; page: boolean }

export function engineScraper(options: ScraperOptions): EngineScraper {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const fetch = options.fetch ?? (page => fetchPage(page, agent))
  const candidates = pagesOf(options)
  let settled: Page | null = null
  let last: { reading: EngineReading; at: number } | null = null
  let failures = 0
  let asked = -Infinity
  let pause = 0
  let polling = false
  const said = new Set<string>()

  const say = (sentence: string): void => {
    if (!said.has(sentence)) options.say(sentence)
    said.add(sentence)
  }

  async function poll(nowMs: number): Promise<void> {
    let anyPage = false
    asked = nowMs
    for (const page of settled === null ? candidates : [settled]) {
      const answer = await ask(fetch, page)
      if (answer.found !== null) {
        settled = page
        failures = 0
        last = { reading: answer.found, at: nowMs }
        pause = POLL_MS
        return
      }
      anyPage ||= answer.page
    }
    failures += 1
    pause = Math.min(LONGEST_PAUSE_MS, POLL_MS * 2 ** Math.min(failures - 1, 5))
    if (settled !== null && failures < LOST_AFTER) return
    settled = null
    last = null
    const where = candidates.map(addressOf).join(', ')
    say(
      anyPage ? `Unknown engine: no engine signals in ${where}.` : `No engine metrics at ${where}.`,
    )
  }

  return {
    async tick(nowMs, resting) {
      const rest = settled === null ? RESTING.lost : RESTING.found
      if (polling || nowMs < asked + pause * (resting ? rest : 1)) return
      polling = true
      await poll(nowMs).finally(() => {
        polling = false
      })
    },
    last: nowMs => (last === null ? null : { reading: last.reading, ageMs: nowMs - last.at }),
    close: () => agent.destroy(),
  }
}

async function ask(fetch: FetchPage, page: Page): Promise<Answer> {
  try {
    const found = readEngine(await fetch(page))
    return found === null ? { found, page: true } : { found }
  } catch {
    return { found: null, page: false }
  }
}

/** Where a page may be, likeliest first. */
export function pagesOf({
  host,
  appPort,
  url,
  ownLoopback,
}: Omit<ScraperOptions, 'say' | 'fetch'>): Page[] {
  if (url !== null) {
    const { hostname, port, pathname, search } = new URL(url)
    return [
      { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80), path: pathname + search },
    ]
  }
  const pages = engines.flatMap(({ path, metricsPort }) => [
    { host, port: appPort, path },
    ...(ownLoopback && metricsPort !== null ? [{ host, port: metricsPort, path }] : []),
  ])
  const distinct = [...new Map(pages.map(page => [addressOf(page), page])).values()]
  // The app's own port first: a page there is surely the model's.
  return distinct.toSorted((a, b) => Number(a.port !== appPort) - Number(b.port !== appPort))
}

function addressOf({ host, port, path }: Page): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`
}

/** GET with a deadline for the whole answer and a bound on its length. */
export function fetchPage(page: Page, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { accept: 'text/plain; version=0.0.4' }
    const request = get({ ...page, agent, headers }, response => {
      const parts: Buffer[] = []
      let bytes = 0
      response.on('data', (part: Buffer) => {
        bytes += part.length
        if (bytes > EXPOSITION_BOUNDS.maxBytes) request.destroy(new Error('the page is too long'))
        else parts.push(part)
      })
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(parts).toString('utf8'))
        else reject(new Error(`answered ${response.statusCode}`))
      })
      response.on('error', reject)
    })
    const deadline = setTimeout(() => request.destroy(new Error('timed out')), TIME_OUT_MS)
    request.on('close', () => clearTimeout(deadline))
    request.on('error', reject)
  })
}
