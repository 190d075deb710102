/**
 * ORCA (Open Request Cost Aggregation): engines tell their load in a header of each response, when the
 * request asked for it. Sources: cncf/xds orca_load_report.proto; vLLM and Triton send it.
 */
import { count, permille } from './engines.ts'

/** Sent with a request to ask for the report. */
export const ORCA_REQUEST = { name: 'endpoint-load-metrics-format', value: 'text' } as const
/** Carries the report in the response. */
export const ORCA_RESPONSE = 'endpoint-load-metrics'

export interface OrcaReport {
  /** Permille of the CPU; may exceed 1000. */
  cpu: number | null
  /** Permille of the memory. */
  memory: number | null
  running: number | null
  waiting: number | null
  /** Key-value cache in use, permille. */
  kv: number | null
}

const KV = ['kv_cache_usage_perc', 'kv_cache_utilization', 'gpu_cache_usage_perc']
const MAX_LENGTH = 8192

/**
 * The report in a response header, in its text or JSON form, with or without the leading word that
 * names the form. Null for anything else.
 */
export function readOrca(header: string): OrcaReport | null {
  if (header.length > MAX_LENGTH) return null
  const [, form, body = ''] = /^\s*(?:(TEXT|JSON)[ \t]+)?([\s\S]*)$/i.exec(header) ?? []
  const json = form === undefined ? body.startsWith('{') : form.toUpperCase() === 'JSON'
  const values = json ? readJson(body) : readText(body)
  if (values === null) return null
  const named = (...names: string[]): number | null =>
    names.map(name => values.get(`named_metrics.${name}`)).find(value => value !== undefined) ??
    null
  const cpu = values.get('cpu_utilization') ?? null
  const report: OrcaReport = {
    cpu: cpu === null ? null : count(cpu * 1000),
    memory: permille(values.get('mem_utilization') ?? null),
    running: count(named('num_requests_running')),
    waiting: count(named('num_requests_waiting')),
    kv: permille(named(...KV)),
  }
  return Object.values(report).some(value => value !== null) ? report : null
}

/** `cpu_utilization=0.3, named_metrics.kv_cache_usage_perc=0.4` */
function readText(body: string): Map<string, number> | null {
  const values = new Map<string, number>()
  for (const pair of body.split(',')) {
    const [, name, number] = /^\s*([A-Za-z0-9_.-]+)\s*[=:]\s*([0-9.eE+-]+)\s*$/.exec(pair) ?? []
    if (name !== undefined) keep(values, name, Number(number))
  }
  return values.size === 0 ? null : values
}

/** `{"cpu_utilization": 0.3, "named_metrics": {"kv_cache_usage_perc": 0.4}}` */
function readJson(body: string): Map<string, number> | null {
  const values = new Map<string, number>()
  try {
    const report: unknown = JSON.parse(body)
    for (const [name, value] of entries(report)) {
      keep(values, name, value)
      for (const [inner, number] of entries(value)) keep(values, `${name}.${inner}`, number)
    }
  } catch {
    return null
  }
  return values.size === 0 ? null : values
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value)
    : []
}

function keep(values: Map<string, number>, name: string, value: unknown): void {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) values.set(name, value)
}
