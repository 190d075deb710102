import { RESUME, RING } from '../model/sample.ts'
import { HEADERS } from '../model/tables.ts'
import { Refused, type Route } from './admin.ts'

/**
 * The last seconds of samples of a sender, and GET /v1/samples?since=BOOT:SEQ&follow=1: what the asker
 * missed (at most RESUME seconds), then, with follow=1, each new second. A second may have several lines
 * (an edge sends one an endpoint); all lines of a second share its seq.
 */
export interface SampleRing {
  /** The lines of second `seq`, which counts up from 0 in this life of the process. */
  push(seq: number, lines: readonly unknown[]): void
  route: Route
}

export function sampleRing(boot: string, nowMs: () => number): SampleRing {
  const seconds: { seq: number; lines: string[] }[] = []
  const readers = new Set<(line: string) => void>()

  function missed(since: number): string[] {
    return seconds
      .filter(second => second.seq > since)
      .slice(-RESUME)
      .flatMap(second => second.lines)
  }

  return {
    push(seq, lines) {
      const texts = lines.map(line => JSON.stringify(line))
      seconds.push({ seq, lines: texts })
      if (seconds.length > RING) seconds.shift()
      for (const write of readers) texts.forEach(text => write(text))
    },
    route: {
      at: 'GET /v1/samples',
      handle(ask) {
        const past = missed(sinceOf(ask.query.get('since'), boot))
        const headers = { [HEADERS.now]: String(nowMs()) }
        if (ask.query.get('follow') !== '1') {
          const body = past.map(text => `${text}\n`).join('')
          return { status: 200, body, type: 'application/x-ndjson', headers }
        }
        return {
          headers,
          follow: write => {
            past.forEach(text => write(text))
            readers.add(write)
            return () => readers.delete(write)
          },
        }
      },
    },
  }
}

/** The seq after which the asker wants lines; -1 (all) when it asks for none or knew another life. */
function sinceOf(since: string | null, boot: string): number {
  if (since === null || since === '') return -1
  const match = /^([A-Za-z0-9_-]{1,40}):(\d{1,15})$/.exec(since)
  if (match === null) throw new Refused(400, 'since is written BOOT:SEQ, as in a sample')
  return match[1] === boot ? Number(match[2]) : -1
}
