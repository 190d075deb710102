import { wordsOfError, type Log } from '../../core/runtime/log.ts'
import type { Kube } from './api/client.ts'

/** The Service `outrigger-controller` selects this label: whoever asks for the controller reaches the leader. */
const LEADER = 'outrigger.dev/leader'

interface PodMeta {
  metadata: { name: string; labels?: Record<string, string> }
}

export interface LabelDesk {
  kube: Kube
  namespace: string
  pod: string
  held: () => boolean
  log: Log
}

const EVERY_MS = 10_000
const COMPONENT = 'app.kubernetes.io/component=controller'

/** Puts the label on our own pod and takes it from the others, now and every while: a pod may be made anew. */
export function keepLabel(desk: LabelDesk): { stop(): Promise<void> } {
  let stopped = false
  let running = Promise.resolve()
  const look = (): void => {
    running = put(desk).catch((error: unknown) => {
      desk.log('warn', 'the label of the leader is not put', { why: wordsOfError(error) })
    })
  }
  look()
  const timer = setInterval(() => stopped || look(), EVERY_MS)
  return {
    async stop() {
      stopped = true
      clearInterval(timer)
      await running
      await patch(desk, desk.pod, null).catch(() => undefined)
    },
  }
}

async function put(desk: LabelDesk): Promise<void> {
  const { kube, namespace, pod, held } = desk
  const path = `/api/v1/namespaces/${namespace}/pods`
  const { items } = await kube.list<PodMeta>(path, { labelSelector: COMPONENT })
  for (const { metadata } of items) {
    const has = metadata.labels?.[LEADER] !== undefined
    const wanted = metadata.name === pod
    if (has !== wanted && held()) await patch(desk, metadata.name, wanted ? 'true' : null)
  }
}

async function patch(
  { kube, namespace }: LabelDesk,
  pod: string,
  value: string | null,
): Promise<void> {
  const body = { metadata: { labels: { [LEADER]: value } } }
  await kube.patch(`/api/v1/namespaces/${namespace}/pods/${pod}`, body, 'merge')
}
