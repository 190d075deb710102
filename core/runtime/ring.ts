import { RESUME } from '../model/sample.ts'
import { HEADERS } from '../model/tables.ts'
import { Refused, type Route } from './admin.ts'

/**
 * The last seconds of samples of a sender, and GET /v1/samples?since=BOOT:SEQ&follow=1: what the asker
 * missed (at most RESUME seconds), then, with follow=1, each new second. A second may have several lines
 * (an edge sends one an endpoint); all lines of a second share its seq. With rest=1 the reader knows what a sample
 * means that says it rests, and is not sent the seconds that this speaks for.
 */
export interface SampleRing {
  /** The lines of second `seq`, which counts up from 0 in this life of the process. */
  push(seq: number, lines: readonly unknown[]): void
  /** A second that readers know of already: kept for those who come. */
  keep(seq: number, line: unknown): void
  /** Whether each who follows knows what a sample means that says it rests: asked for with rest=1. */
  restful(): boolean
  route: Route
}

/** `asked`: before the ring is read, and whether it is followed from now on. */
export function sampleRing(
  boot: string,
  nowMs: () => number,
  asked: (follows: boolean) => void = () => {},
): SampleRing {
  /** Not all are ever read: those that nobody was sent are written only then. */
  const seconds: { seq: number; lines: readonly (string | (() => string))[] }[] = []
  /** Who follows, and whether they know of rest. */
  const readers = new Map<(line: string) => void, boolean>()

  function missed(since: number): string[] {
    return seconds
      .filter(second => second.seq > since)
      .flatMap(second => second.lines.map(line => (typeof line === 'string' ? line : line())))
  }
  function add(seq: number, lines: readonly (string | (() => string))[]): void {
    seconds.push({ seq, lines })
    if (seconds.length > RESUME) seconds.shift()
  }

  return {
    push(seq, lines) {
      const texts = lines.map(line => JSON.stringify(line))
      add(seq, texts)
      for (const write of readers.keys()) texts.forEach(text => write(text))
    },
    keep: (seq, line) => add(seq, [() => JSON.stringify(line)]),
    restful: () => [...readers.values()].every(knows => knows),
    route: {
      at: 'GET /v1/samples',
      handle(ask) {
        const since = sinceOf(ask.query.get('since'), boot)
        const follows = ask.query.get('follow') === '1'
        asked(follows)
        const past = missed(since)
        const headers = { [HEADERS.now]: String(nowMs()) }
        if (!follows) {
          const body = past.map(text => `${text}\n`).join('')
          return { status: 200, body, type: 'application/x-ndjson', headers }
        }
        return {
          headers,
          follow: write => {
            past.forEach(text => write(text))
            readers.set(write, ask.query.get('rest') === '1')
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
