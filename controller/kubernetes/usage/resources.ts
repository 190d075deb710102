import { readExposition, type Series } from '../../../core/model/exposition.ts'
import { nanos } from '../inject/quantity.ts'
import type { Usage } from '../watch/fleet.ts'
import { SIDECAR } from '../watch/names.ts'
import type { Container, Pod } from '../watch/objects.ts'

/** What a kubelet says of one container at a time. */
export interface Reading {
  /** Seconds of CPU since it started, and when (ms) that was read. */
  cpu: { seconds: number; at: number } | null
  /** Working set: what eviction and the OOM killer look at. */
  memoryBytes: number | null
}
/** By `namespace/pod container`. */
export type Readings = ReadonlyMap<string, Reading>

const CPU = 'container_cpu_usage_seconds_total'
const MEMORY = 'container_memory_working_set_bytes'
const WANTED = new Set([CPU, MEMORY])
/** A node has at most a few hundred pods: this is ten times what they need. */
const BOUNDS = { maxBytes: 8 * 1024 * 1024, maxLines: 100_000 }
/** The kubelet measures on demand, but not more often than this; a shorter span says little. */
const SHORTEST_MS = 900

/** Reads a kubelet's /metrics/resource. */
export function readResources(text: string): Readings {
  const { series } = readExposition(text, WANTED, BOUNDS)
  const out = new Map<string, Reading>()
  const of = (one: Series): Reading | null => {
    const pod = one.labels.get('pod')
    const container = one.labels.get('container')
    if (pod === undefined || container === undefined || !(one.value >= 0 && one.value < Infinity))
      return null
    const key = keyOf(one.labels.get('namespace') ?? '', pod, container)
    const known = out.get(key) ?? { cpu: null, memoryBytes: null }
    out.set(key, known)
    return known
  }
  for (const one of series.get(CPU) ?? []) {
    const reading = one.at === undefined ? null : of(one)
    if (reading !== null) reading.cpu = { seconds: one.value, at: one.at ?? 0 }
  }
  for (const one of series.get(MEMORY) ?? []) {
    const reading = of(one)
    if (reading !== null) reading.memoryBytes = one.value
  }
  return out
}

function keyOf(namespace: string, pod: string, container: string): string {
  return `${namespace}/${pod} ${container}`
}

/**
 * Use of the container that is nearest to its bound: CPU of its limit, or of what it requests where there is
 * none, over the span between two readings; memory of its limit. Our own container does not count.
 */
export function usageOf({ metadata, spec }: Pod, before: Readings, now: Readings): Usage {
  const cpu: number[] = []
  const memory: number[] = []
  for (const container of spec?.containers ?? []) {
    if (container.name === SIDECAR) continue
    const key = keyOf(metadata.namespace, metadata.name, container.name)
    const { limits, requests } = container.resources ?? {}
    const cores = amount(limits, 'cpu') ?? amount(requests, 'cpu')
    const used = coresUsed(before.get(key), now.get(key))
    if (cores !== null && used !== null) cpu.push(permille(used, cores))
    const most = amount(limits, 'memory')
    const bytes = now.get(key)?.memoryBytes ?? null
    if (most !== null && bytes !== null) memory.push(permille(bytes, most))
  }
  return { cpuPermille: largest(cpu), memoryPermille: largest(memory) }
}

/** CPU of its containers together, in thousandths of a core; ours does not count. Null: not measured. */
export function millisOf({ metadata, spec }: Pod, before: Readings, now: Readings): number | null {
  const used = (spec?.containers ?? [])
    .filter(({ name }) => name !== SIDECAR)
    .flatMap(({ name }) => {
      const key = keyOf(metadata.namespace, metadata.name, name)
      return coresUsed(before.get(key), now.get(key)) ?? []
    })
  return used.length === 0 ? null : Math.round(used.reduce((a, b) => a + b) * 1000)
}

function coresUsed(before: Reading | undefined, now: Reading | undefined): number | null {
  if (!before?.cpu || !now?.cpu) return null
  const ms = now.cpu.at - before.cpu.at
  const seconds = now.cpu.seconds - before.cpu.seconds
  // A container that was started again counts from zero.
  return !(ms >= SHORTEST_MS && seconds >= 0) ? null : (seconds * 1000) / ms
}

function amount(
  of: NonNullable<Container['resources']>['limits'] | undefined,
  name: string,
): number | null {
  const found = nanos(of?.[name])
  return found === null || found <= 0n ? null : Number(found) / 1e9
}

function permille(part: number, whole: number): number {
  return Math.round((part * 1000) / whole)
}

function largest(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((a, b) => Math.max(a, b))
}
