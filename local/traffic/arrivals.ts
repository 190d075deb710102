import { readFileSync } from 'node:fs'
import type { Traffic } from './plan.ts'

/** One arrival: ms after the start, and the tokens that the trace names (0 where it names none). */
export interface Arrival {
  atMs: number
  context: number
  generated: number
}

/** Seeded (mulberry32): the same traffic at each run. Numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** All arrivals in (from, to] ms, without end: the trace begins anew when it is over. */
export function arrivalsOf(
  traffic: Traffic,
  random: () => number,
): (from: number, to: number) => Arrival[] {
  const trace = traffic.trace === null ? null : readTrace(traffic.trace.file)
  return (from, to) => {
    const out: Arrival[] =
      trace === null || traffic.trace === null
        ? []
        : replayed(trace, traffic.trace, from, to, random)
    poisson(rateAt(traffic, from), from, to, random, out)
    return out.toSorted((a, b) => a.atMs - b.atMs)
  }
}

/** Requests per second of the steady rate and the surges at a moment. */
export function rateAt(traffic: Traffic, atMs: number): number {
  return traffic.surges.reduce((rate, surge) => {
    const since = surge.everyMs === null ? atMs - surge.atMs : (atMs - surge.atMs) % surge.everyMs
    return atMs >= surge.atMs && since < surge.forMs ? rate + surge.perSecond : rate
  }, traffic.perSecond)
}

function poisson(
  perSecond: number,
  from: number,
  to: number,
  random: () => number,
  out: Arrival[],
): void {
  if (perSecond <= 0) return
  for (let at = from; ;) {
    at += (-Math.log(1 - random()) * 1000) / perSecond
    if (at > to) return
    out.push({ atMs: at, context: 0, generated: 0 })
  }
}

/** Rows of the trace in (from, to], sped up; `share` of them, or each several times where above 1. */
function replayed(
  trace: Trace,
  { speed, share }: { speed: number; share: number },
  from: number,
  to: number,
  random: () => number,
): Arrival[] {
  const length = trace.lengthMs / speed
  const out: Arrival[] = []
  for (let round = Math.floor(from / length); round * length <= to; round++) {
    for (const row of trace.rows) {
      const at = round * length + row.atMs / speed
      if (at <= from || at > to) continue
      for (let copies = share; copies > 0; copies--)
        if (random() < copies) out.push({ ...row, atMs: at })
    }
  }
  return out
}

interface Trace {
  rows: Arrival[]
  lengthMs: number
}

/** The Azure LLM traces' columns: TIMESTAMP, ContextTokens, GeneratedTokens. Throws on another file. */
export function readTrace(file: string): Trace {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/)
  if (!head.startsWith('TIMESTAMP,ContextTokens,GeneratedTokens')) {
    throw new Error(
      `${file}: expected the columns TIMESTAMP,ContextTokens,GeneratedTokens, got ${head.slice(0, 80)}`,
    )
  }
  const rows = lines.map((line, i): Arrival => {
    const [stamp = '', context, generated] = line.split(',')
    const atMs = Date.parse(`${stamp.slice(0, 23).replace(' ', 'T')}Z`)
    if (Number.isNaN(atMs))
      throw new Error(
        `${file}:${i + 2}: expected a time such as 2023-11-16 18:15:46.680, got ${stamp}`,
      )
    return { atMs, context: Number(context), generated: Number(generated) }
  })
  const start = rows[0]?.atMs ?? 0
  const shifted = rows.map(row => ({ ...row, atMs: row.atMs - start }))
  return { rows: shifted, lengthMs: (shifted.at(-1)?.atMs ?? 0) + 1000 }
}
