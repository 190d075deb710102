import { RESUME, RING, type Sample } from '../core/model/sample.ts'
import { HEADERS } from '../core/model/tables.ts'
import { Refused, type Answer, type Route } from '../core/runtime/admin.ts'

/** The last samples, and whoever follows them: GET /v1/samples?since=BOOT:SEQ&follow=1. */
export interface Report {
  /** This life of the process. */
  readonly boot: string
  add(sample: Sample): void
  route: Route
}

export function report(boot: string, now: () => number): Report {
  const ring: { seq: number; line: string }[] = []
  const followers = new Set<(line: string) => void>()

  /** What came after, at most the newest 30; another life's number says nothing about ours. */
  function missed(since: string | null): string[] {
    const [, life, seq] = /^([A-Za-z0-9_-]{1,40}):(\d{1,15})$/.exec(since ?? '') ?? []
    if (since !== null && seq === undefined) throw new Refused(400, 'since is BOOT:SEQ')
    const after = life === boot ? Number(seq) : -1
    return ring
      .filter(entry => entry.seq > after)
      .slice(-RESUME)
      .map(entry => entry.line)
  }

  return {
    boot,
    add(sample) {
      const line = JSON.stringify(sample)
      ring.push({ seq: sample.seq, line })
      if (ring.length > RING) ring.shift()
      for (const write of followers) write(line)
    },
    route: {
      at: 'GET /v1/samples',
      handle({ query }): Answer {
        const headers = { [HEADERS.now]: String(now()) }
        const lines = missed(query.get('since'))
        if (query.get('follow') !== '1') {
          const body = lines.map(line => `${line}\n`).join('')
          return { status: 200, type: 'application/x-ndjson', body, headers }
        }
        return {
          headers,
          follow(write) {
            for (const line of lines) write(line)
            followers.add(write)
            return () => followers.delete(write)
          },
        }
      },
    },
  }
}
