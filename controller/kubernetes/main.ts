import { jsonLog, type Log } from '../../core/runtime/log.ts'
import type { ClusterConfig, ControllerConfig } from '../config.ts'
import { loadKube, type Kube } from './api/client.ts'
import { Events } from './api/events.ts'
import { rootKeyPair, sharedToken } from './api/own.ts'
import { patiently } from './api/patience.ts'
import { systemTime } from './api/time.ts'
import { injecting } from './injecting.ts'
import type { Around, Member } from './member.ts'
import { Surroundings } from './surroundings.ts'
import { Waiting } from './waiting.ts'
import { openWebhook, type OpenWebhook } from './webhook/open.ts'
import { ScaledRelay } from './webhook/relay.ts'
import { ScaleChanges } from './webhook/scaled.ts'

/** Rejects when an address can't be listened on; waits for the API server as long as it takes. */
export async function startMember(
  given: ControllerConfig,
  cluster: ClusterConfig,
  version: string,
): Promise<Member> {
  const log = jsonLog('controller', given.logLevel)
  const kube = loadKube()
  const { namespace } = cluster
  const keys = await patiently(log, () => rootKeyPair(kube, namespace))
  const token = await patiently(log, () => sharedToken(kube, namespace))
  const config = { ...given, token }
  const events = new Events({ kube, log, instance: cluster.pod })
  const changes = new ScaleChanges()
  const surroundings = surroundingsOf(kube, cluster, log)
  const decide = injecting(cluster, keys.publicKey, of => surroundings.of(of))
  const base = { config, cluster, version, log, kube, keys, events, changes }
  const around = { ...base, surroundings, decide }
  let member: Waiting | null = null
  const leading = (): boolean => member?.isLeading === true
  surroundings.start()
  const webhook = await webhookOf(around, leading)
  member = await Waiting.open(around, webhook)
  return member.member()
}

function surroundingsOf(kube: Kube, cluster: ClusterConfig, log: Log): Surroundings {
  const { watchNamespaces, webhook } = cluster
  const namespaces = webhook !== null
  return new Surroundings({ kube, watchNamespaces, namespaces, log, time: systemTime })
}

function webhookOf(around: Around, leading: () => boolean): Promise<OpenWebhook | null> {
  const { cluster, config, kube, log, events, changes, decide } = around
  if (cluster.webhook === null) return Promise.resolve(null)
  const leader = `http://outrigger-controller.${cluster.namespace}.svc:${config.admin.port}`
  const relay = new ScaledRelay({ changes, leading, leader, token: config.token })
  return openWebhook({
    kube,
    ...cluster.webhook,
    namespace: cluster.namespace,
    decide,
    scaled: change => relay.note(change),
    unready: () => null,
    events,
    log,
    time: systemTime,
    utc: Date.now,
  })
}
