/** What wrk and h2load print, read. */

export interface Throughput {
  count: number
  perSecond: number
  /** Answers that were no success, and connections that broke. */
  errors: number
}

/** wrk 4: "N requests in 5.00s", socket errors and answers that are no success on lines of their own. */
export function parseWrk(text: string): Throughput {
  const count = /(\d+) requests in /.exec(text)?.[1]
  const perSecond = /Requests\/sec: +([\d.]+)/.exec(text)?.[1]
  if (count === undefined || perSecond === undefined)
    throw new Error(`wrk: expected counts, got ${text}`)
  const sockets = /Socket errors: (.+)/.exec(text)?.[1] ?? ''
  const broken = [...sockets.matchAll(/\d+/g)].reduce((sum, [n]) => sum + Number(n), 0)
  const bad = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0)
  return { count: Number(count), perSecond: Number(perSecond), errors: broken + bad }
}

/** h2load 1.52: "finished in 5.00s, 1234.56 req/s", "requests: ... N succeeded, N failed, N errored, N timeout". */
export function parseH2load(text: string): Throughput {
  const perSecond = /finished in [^,]+, ([\d.]+) req\/s/.exec(text)?.[1]
  const [, count, ...wrong] =
    /(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(text) ?? []
  if (count === undefined || perSecond === undefined)
    throw new Error(`h2load: expected counts, got ${text}`)
  const errors = wrong.reduce((sum, n) => sum + Number(n), 0)
  return { count: Number(count), perSecond: Number(perSecond), errors }
}
