import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { kubectl } from './kubectl.ts'
import { nodeName, state } from './places.ts'

/** Room for claims, as a provisioner gives it elsewhere: a default storage class, and folders of this node. */
const CLASS = 'local'
const COUNT = 2

interface Volume {
  metadata: { name: string }
  status: { phase: string }
}

/** What nobody claims any more is given anew, empty. */
export async function giveVolumes(): Promise<void> {
  const { items } = JSON.parse(await kubectl(['get', 'pv', '-o', 'json'])) as { items: Volume[] }
  const [kept, left] = [[] as string[], [] as string[]]
  for (const { metadata, status } of items)
    (status.phase === 'Released' ? left : kept).push(metadata.name)
  if (left.length > 0) await kubectl(['delete', 'pv', ...left])
  const fresh = Array.from({ length: Math.max(0, COUNT - kept.length) }, volume)
  const list = { apiVersion: 'v1', kind: 'List', items: [storageClass, ...fresh] }
  await kubectl(['apply', '-f', '-'], JSON.stringify(list))
}

function volume(): object {
  const name = `local-${randomUUID()}`
  const path = join(state, 'volumes', name)
  mkdirSync(path, { recursive: true })
  // As a provisioner leaves it: for whatever user the pod has.
  chmodSync(path, 0o777)
  const onNode = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] }]
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '5Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: CLASS,
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: onNode }] } },
    },
  }
}

const storageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name: CLASS,
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
  },
  provisioner: 'kubernetes.io/no-provisioner',
  volumeBindingMode: 'WaitForFirstConsumer',
}
