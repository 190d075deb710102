import { payloads, type PayloadName, type ProxyName } from './payloads.ts'
import { addedRatio } from './result.ts'
import { median, pointNames, spread, type PointName, type Row, type Rows } from './rows.ts'

/** What people read: two tables a payload, medians of all rounds. */
export function report(rows: Rows, payload: PayloadName): string {
  const { says, unit } = payloads[payload]
  const parts = [
    `${payload}: ${says}`,
    costs(rows, payload),
    ...chainSentence(rows, payload),
    ...pointNames.flatMap(at => latencies(rows, payload, at)),
  ]
  return parts.join('\n').replaceAll('UNIT', unit)
}

function costs(rows: Rows, payload: PayloadName): string {
  const { bytes } = payloads[payload]
  const counted = rows.all.some(row => row.payload === payload && row.instructions !== null)
  const idle = rows.all.some(row => row.payload === payload && row.idle !== undefined)
  const head = [
    'proxy',
    'CPU us/UNIT',
    'x nginx',
    'range',
    ...(counted ? ['instr/UNIT'] : []),
    ...(bytes === undefined ? [] : ['MB/CPU s']),
    'a second',
    'core',
    ...(idle ? ['open', 'idle ms/min'] : []),
    'RSS MB',
    'PSS MB',
    'private dirty',
    'errors',
  ]
  const lines = rows.proxies(payload).map(proxy => {
    const own = rows.of(payload, proxy)
    const at = (value: (row: Row) => number): number => median(own.map(value))
    const ratio = rows.cpuRatio(payload, proxy, 'nginx')
    return [
      proxy,
      number(at(({ cpuUs }) => cpuUs)),
      ratio === null ? '' : ratio.median.toFixed(2),
      ratio === null ? '' : `${ratio.least.toFixed(2)}..${ratio.most.toFixed(2)}`,
      ...(counted ? [number(at(({ instructions }) => instructions ?? NaN))] : []),
      ...(bytes === undefined ? [] : [number(bytes / at(({ cpuUs }) => cpuUs))]),
      number(at(({ perSecond }) => perSecond)),
      `${Math.round(100 * at(({ core }) => core))} %`,
      ...(idle ? idleCells(own) : []),
      number(at(({ rss }) => rss) / 1e6),
      number(at(({ pss }) => pss) / 1e6),
      number(at(({ dirty }) => dirty) / 1e6),
      String(own.reduce((sum, { errors }) => sum + errors, 0)),
    ]
  })
  return aligned([head, ...lines])
}

function idleCells(own: readonly Row[]): string[] {
  const at = (value: 'open' | 'cpuMsAMinute'): number =>
    median(own.map(({ idle }) => idle?.[value] ?? NaN))
  return [String(at('open')), number(at('cpuMsAMinute'))]
}

/** Two hops of ours beside two of nginx. */
function chainSentence(rows: Rows, payload: PayloadName): string[] {
  const [once, twice] = (['nginx', 'nginx-twice'] as const).map(other =>
    rows.cpuRatio(payload, 'outrigger-chain', other),
  )
  if (once == null || twice == null) return []
  const words = [`${once.median.toFixed(2)} x nginx`, `${twice.median.toFixed(2)} x nginx twice`]
  return [`edge and sidecar together: ${words.join(', ')}`]
}

const POINTS: Record<PointName, string> = {
  half: 'at half of its own saturation',
  two: 'over 2 connections',
  same: 'at that rate',
}

/** us, from release to the end of the answer; `+`: over direct. */
function latencies(rows: Rows, payload: PayloadName, at: PointName): string[] {
  const lines = rows.proxies(payload).flatMap(proxy => {
    const line = latencyCells(rows, payload, proxy, at)
    return line === null ? [] : [line]
  })
  if (lines.length === 0) return []
  const head = `proxy,rate,p50 us,p99,p99.9,+p50,+p99,range,+p99.9,+p50 x nginx,+p99 x nginx,load core,errors`
  return [`latency ${POINTS[at]}`, aligned([head.split(','), ...lines])]
}

function latencyCells(
  rows: Rows,
  payload: PayloadName,
  proxy: ProxyName,
  at: PointName,
): string[] | null {
  const points = rows.of(payload, proxy).flatMap(({ points: all }) => all[at] ?? [])
  const added = rows.added(payload, proxy, at)
  if (added === null) return null
  const ratio = (name: 'p50' | 'p99'): string =>
    addedRatio(rows, payload, at, name, proxy)?.toFixed(2) ?? ''
  const p99s = spread(points.map(({ p99, direct }) => p99 - direct.p99))
  const of = (name: 'rate' | 'p50' | 'p99' | 'p999'): string =>
    number(median(points.map(point => point[name])))
  return [
    proxy,
    of('rate'),
    of('p50'),
    of('p99'),
    of('p999'),
    number(added.p50),
    number(added.p99),
    `${number(p99s.least)}..${number(p99s.most)}`,
    number(added.p999),
    ratio('p50'),
    ratio('p99'),
    `${Math.round(100 * median(points.map(({ load }) => load)))} %`,
    String(points.reduce((sum, { errors }) => sum + errors, 0)),
  ]
}

/** Three digits or so: more would claim too much. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return ''
  const size = Math.abs(value)
  return value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0)
}

/** The first column to the left, all others to the right. */
export function aligned(lines: readonly (readonly string[])[]): string {
  const widths = lines.reduce<number[]>(
    (all, line) => line.map((cell, i) => Math.max(cell.length, all[i] ?? 0)),
    [],
  )
  return lines
    .map(line =>
      line
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
