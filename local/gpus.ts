/**
 * The devices of a model as the sidecar's OUTRIGGER_GPUS takes them, from CUDA_VISIBLE_DEVICES of the model's
 * environment; null: not told, so all. CUDA shows a program those before the first that does not exist (CUDA
 * programming guide, environment variables). Numbers mean the same to nvidia-smi where all devices are alike,
 * or CUDA_DEVICE_ORDER is PCI_BUS_ID; whole UUIDs always do.
 */
export function gpusOf(environment: Record<string, string | undefined>): string | null {
  const visible = environment['CUDA_VISIBLE_DEVICES']
  if (visible === undefined) return null
  const devices = visible.split(',').map(device => device.trim())
  const end = devices.findIndex(device => !/^(\d+|(GPU|MIG)-.+)$/.test(device))
  return devices.slice(0, end === -1 ? undefined : end).join(',') || 'none'
}
