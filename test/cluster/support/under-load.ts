import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { kubectl } from './cluster.ts'
import { loadOf } from './load-pod.ts'
import type { Load, LoadResult } from './load.ts'
import { answers, deployModel, replicasReady, type ModelOptions } from './model.ts'

/**
 * Nothing is lost: an open-loop client without retries sends through the Service while each thing happens
 * that happens in a cluster, and every request is answered 200.
 */
export const RATE = 100

export async function underLoad(
  t: ExecutionContext,
  options: ModelOptions,
  work: (load: Load) => Promise<void>,
  begin: typeof loadOf = loadOf,
): Promise<LoadResult> {
  const { namespace, name, replicas = 2 } = options
  t.teardown(() =>
    kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']),
  )
  await deployModel({ ...options, replicas })
  await replicasReady(namespace, name, replicas)
  await answers(namespace, name)
  const load = await begin({ namespace, service: name, rate: RATE })
  t.teardown(() => load.stop())
  await sleep(1000)
  await work(load)
  await sleep(2000)
  const result = await load.stop()
  t.log(`${result.sent} requests, ${JSON.stringify(result.statuses)}, p99 ${result.ms.p99} ms`)
  return result
}

/** Enough for any of it, and held there: what is tested is loss, not scaling. */
export const calm = { 'min-replicas': '2', 'max-replicas': '2', 'fixed-limit': '50' }
/** The pod template's. */
export const inject = { inject: 'true' }
