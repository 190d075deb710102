import type { Sample } from '../core/model/sample.ts'
import { engineScraper } from './signals/scrape.ts'
import { ORCA_REQUEST, ORCA_RESPONSE, readOrca, type OrcaReport } from './signals/orca.ts'
import type { SidecarConfig } from './config.ts'

/** The engine's own numbers: from its metrics page, else from what its answers carry (ORCA). */
export interface EngineWatch {
  /** About once a second, with monotonic ms. `resting`: nobody uses the model. */
  tick(nowMs: number, resting: boolean): void
  /** Headers to ask an answer's report with: none while a page tells more. */
  ask(nowMs: number): Readonly<Record<string, string>>
  heard(headers: Readonly<Record<string, string | string[] | undefined>>, nowMs: number): void
  read(nowMs: number): Pick<Sample, 'engine' | 'gpu' | 'tokens'>
  close(): void
}

const STALE_MS = 5000
/** A page is read each 10 s while nobody uses the model, and may fail once. */
const STALE_PAGE_MS = 21_000
const NOTHING = {}
const ORCA = { [ORCA_REQUEST.name]: ORCA_REQUEST.value }

export function engineWatch(config: SidecarConfig, say: (sentence: string) => void): EngineWatch {
  const scraper = engineScraper({
    host: config.app.host,
    appPort: config.app.port,
    url: config.metricsUrl,
    ownLoopback: config.ownLoopback,
    say,
  })
  let report: { orca: OrcaReport; at: number } | null = null
  let totals: { in: number; out: number } | null = null

  /** Tokens since the last read; an engine that started anew counts from nothing. */
  function tokens(tokensIn: number | null, tokensOut: number | null): Sample['tokens'] {
    if (tokensIn === null && tokensOut === null) return null
    const now = { in: tokensIn ?? 0, out: tokensOut ?? 0 }
    const before = totals ?? now
    totals = now
    const since = (a: number, b: number): number => (a >= b ? a - b : a)
    return { in: since(now.in, before.in), out: since(now.out, before.out) }
  }

  return {
    tick: (nowMs, resting) => void scraper.tick(nowMs, resting),
    ask: nowMs => (scraper.last(nowMs) === null ? ORCA : NOTHING),
    heard(headers, nowMs) {
      const header = headers[ORCA_RESPONSE]
      const orca = typeof header === 'string' ? readOrca(header) : null
      if (orca !== null) report = { orca, at: nowMs }
    },
    read(nowMs) {
      const page = scraper.last(nowMs)
      if (page !== null && page.ageMs <= STALE_PAGE_MS) {
        const { kind, running, waiting, kv, preemptions, gpu, tokensIn, tokensOut } = page.reading
        const engine = { kind, running, waiting, kv, preemptions }
        return { engine, gpu, tokens: tokens(tokensIn, tokensOut) }
      }
      if (report === null || nowMs - report.at > STALE_MS) {
        return { engine: null, gpu: null, tokens: null }
      }
      const { running, waiting, kv } = report.orca
      const engine = { kind: 'orca', running, waiting, kv, preemptions: null }
      return { engine, gpu: null, tokens: null }
    },
    close: () => scraper.close(),
  }
}
