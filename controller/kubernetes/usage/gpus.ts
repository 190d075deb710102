import { readExposition, type Series } from '../../../core/model/exposition.ts'

/** Percent of the time in which some kernel ran: what nvidia-smi says. MIG has no such number, or an idle 0. */
const BUSY = 'DCGM_FI_DEV_GPU_UTIL'
/** Share of the time in which the engine was active, 0 to 1: of a MIG instance, too. */
const ACTIVE = 'DCGM_FI_PROF_GR_ENGINE_ACTIVE'
const WANTED = new Set([BUSY, ACTIVE])
/** A node has 16 GPUs at most, of 7 instances each: this is ten times what they need. */
const BOUNDS = { maxBytes: 8 * 1024 * 1024, maxLines: 100_000 }

/**
 * GPU use by namespace/pod from a page of dcgm-exporter, in thousandths: the mean of the pod's devices, as
 * the sidecar has it. Null for a page that says it of no device at all.
 */
export function readGpus(text: string): Map<string, number> | null {
  const { series } = readExposition(text, WANTED, BOUNDS)
  const busy = series.get(BUSY) ?? []
  const active = series.get(ACTIVE) ?? []
  if (busy.length + active.length === 0) return null
  const devices = new Map<string, Map<string, number>>()
  // The later one counts.
  take(active, 1000, devices)
  take(
    busy.filter(({ labels }) => !labels.get('GPU_I_ID')),
    10,
    devices,
  )
  return new Map([...devices].map(([pod, used]) => [pod, mean([...used.values()])]))
}

function take(
  series: readonly Series[],
  permille: number,
  devices: Map<string, Map<string, number>>,
): void {
  for (const { labels, value } of series) {
    const pod = podOf(labels)
    // What a driver can't tell is a huge number on the pages of old exporters.
    const used = Math.round(value * permille)
    if (pod === null || !(used >= 0 && used <= 1100)) continue
    const device = `${labels.get('UUID') ?? labels.get('gpu') ?? ''} ${labels.get('GPU_I_ID') ?? ''}`
    const of = devices.get(pod) ?? new Map<string, number>()
    devices.set(pod, of.set(device, Math.min(1000, used)))
  }
}

/**
 * The pod that a device is given to. Where Prometheus' labels of the exporter itself came first, its own are
 * called exported_; old exporters wrote pod_name and pod_namespace.
 */
function podOf(labels: Series['labels']): string | null {
  const first = (...names: string[]): string =>
    names.map(name => labels.get(name) ?? '').find(value => value !== '') ?? ''
  const namespace = first('exported_namespace', 'namespace', 'pod_namespace')
  const pod = first('exported_pod', 'pod', 'pod_name')
  return namespace === '' || pod === '' ? null : `${namespace}/${pod}`
}

function mean(values: readonly number[]): number {
  return Math.round(values.reduce((a, b) => a + b, 0) / values.length)
}
