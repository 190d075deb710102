import { wordsOfError, type Log } from '../../core/runtime/log.ts'
import type { Kube } from './api/client.ts'
import { Informer } from './api/informer.ts'
import { systemTime, type Time } from './api/time.ts'

/** The Service `outrigger-controller` selects this label: whoever asks for the controller reaches the leader. */
const LEADER = 'outrigger.dev/leader'
const COMPONENT = 'app.kubernetes.io/component=controller'
/** What was refused is tried again. */
const AGAIN_MS = 10_000

interface PodMeta {
  metadata: { name: string; labels?: Record<string, string> }
}

export interface LabelDesk {
  kube: Kube
  namespace: string
  pod: string
  held: () => boolean
  log: Log
  time?: Time
}

/** Puts the label on our own pod and takes it from the others, for as long as we lead: a pod may be made anew. */
export function keepLabel(desk: LabelDesk): { stop(): Promise<void> } {
  const { kube, namespace, pod, held, log, time = systemTime } = desk
  const path = `/api/v1/namespaces/${namespace}/pods`
  let running = Promise.resolve()
  const pods = new Informer<PodMeta, { name: string; has: boolean }>({
    kube,
    path,
    query: { labelSelector: COMPONENT },
    keep: ({ metadata: { name, labels } }) => ({ name, has: labels?.[LEADER] !== undefined }),
    changed: look,
    log,
    time,
  })
  let cancel = (): void => undefined
  function look(): void {
    cancel()
    running = running.then(put).catch((error: unknown) => {
      log('warn', 'the label of the leader is not put', { why: wordsOfError(error) })
      cancel = time.after(AGAIN_MS, look)
    })
  }
  async function put(): Promise<void> {
    for (const { name, has } of pods.all()) {
      if (has !== (name === pod) && held()) await patch(name, name === pod ? 'true' : null)
    }
  }
  async function patch(name: string, value: string | null): Promise<void> {
    await kube.patch(`${path}/${name}`, { metadata: { labels: { [LEADER]: value } } }, 'merge')
  }
  pods.start()
  return {
    async stop() {
      pods.stop()
      await running
      cancel()
      await patch(pod, null).catch(() => undefined)
    },
  }
}
