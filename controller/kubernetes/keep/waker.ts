import type { Log } from '../../../core/runtime/log.ts'
import type { Kube } from '../api/client.ts'
import { statusOf } from '../api/error.ts'
import type { Deployment } from '../watch/objects.ts'
import { failedByUs, RETRY, toWake, type ReplicaSet } from './stuck.ts'

export interface WakerOptions {
  kube: Kube
  /** Of endpoints. */
  deployments(): readonly Deployment[]
  /** Name of the injecting webhook, as it is registered. */
  webhook: string
  log: Log
  /** UTC in ms since 1970. */
  utc(): number
}

/** Lets ReplicaSets that wait because the webhook was away try again. */
export class Waker {
  private readonly options: WakerOptions
  private readonly times = new Map<string, number>()
  private count = 0

  constructor(options: WakerOptions) {
    this.options = options
  }

  get woken(): number {
    return this.count
  }

  /** Whose ReplicaSets wait. */
  stuck(): Deployment[] {
    const { deployments, webhook } = this.options
    const stuck = deployments().filter(each => failedByUs(each, webhook))
    if (stuck.length === 0) this.times.clear()
    return stuck
  }

  async wake(deployment: Deployment): Promise<void> {
    const { kube, webhook, utc, log } = this.options
    const path = `/apis/apps/v1/namespaces/${deployment.metadata.namespace}/replicasets`
    const { items } = await kube.list<ReplicaSet>(path)
    const woken = (uid: string): number => this.times.get(uid) ?? 0
    for (const { metadata } of toWake(deployment, items, webhook, woken, utc())) {
      const { name, resourceVersion, uid } = metadata
      const annotations = { [RETRY]: new Date(utc()).toISOString() }
      try {
        await kube.patch(`${path}/${name}`, { metadata: { resourceVersion, annotations } }, 'merge')
      } catch (error) {
        // Its controller or another replica of ours has changed it: that wakes it as well.
        if ([404, 409].includes(statusOf(error) ?? 0)) continue
        throw error
      }
      this.times.set(uid, woken(uid) + 1)
      this.count++
      log('info', 'a ReplicaSet that waited for the webhook tries again', { replicaSet: name })
    }
  }
}
