import type { ExecutionContext } from 'ava'
import { clusterPlatform, type ClusterPlatform } from '../../../../controller/kubernetes/cluster.ts'
import type { EventSaid } from '../../../../controller/kubernetes/api/events.ts'
import type { Platform } from '../../../../core/model/tables.ts'
import { FakeApiServer } from '../../../support/fake-api-server.ts'
import { HandTime, until } from '../../../support/hand-time.ts'
import { deployment, pod, T0 } from './objects.ts'

export const X = 'shop/model'
export const DEPLOYMENTS = '/apis/apps/v1/namespaces/shop/deployments'
export const EDGE = { 'outrigger.dev/edge': 'true' }

interface Stage {
  fake: FakeApiServer
  time: HandTime
  platform: ClusterPlatform
  tables: Platform[]
  said: EventSaid[]
  logged: string[]
  holds: boolean
  newest(): Platform | undefined
  put(name: string, parts?: Parameters<typeof deployment>[1]): void
  /** Seconds go by, with what they set off. */
  seconds(so: () => boolean, what: string): Promise<void>
}

export function edgePod(fake: FakeApiServer, ip: string, ready = true, of = 'outrigger'): void {
  const made = pod('outrigger-system/edge', ip.replaceAll(/[.:]/g, '-'), { ready, status: {} })
  made.metadata.labels = {
    'app.kubernetes.io/name': of,
    'app.kubernetes.io/component': 'edge',
  }
  made.status = { ...made.status, podIP: ip, podIPs: [{ ip }] }
  fake.store.put(`/api/v1/namespaces/outrigger-system/pods/${made.metadata.name}`, made as never)
}

export async function stage(
  t: ExecutionContext,
  prepare: (fake: FakeApiServer) => void = () => undefined,
): Promise<Stage> {
  const fake = await FakeApiServer.start()
  const time = new HandTime()
  prepare(fake)
  const tables: Platform[] = []
  const said: EventSaid[] = []
  const logged: string[] = []
  const out = { holds: true }
  const platform = clusterPlatform({
    kube: fake.kube(),
    access: null,
    namespace: 'outrigger-system',
    watchNamespaces: [],
    aggregator: 'outrigger-aggregator:15030',
    verifyKubelets: true,
    gpuExporters: ['app=nvidia-dcgm-exporter'],
    events: { say: event => void said.push(event) },
    held: () => out.holds,
    log: (_, text) => void logged.push(text),
    time,
    utc: () => T0 + time.now(),
  })
  t.teardown(async () => {
    platform.stop()
    await fake.stop()
  })
  platform.follow(table => void tables.push(table))
  const on: Stage = Object.assign(out, {
    fake,
    time,
    platform,
    tables,
    said,
    logged,
    newest: () => tables.at(-1),
    put: (name: string, parts?: Parameters<typeof deployment>[1]) => {
      const [, own] = name.split('/')
      fake.store.put(`${DEPLOYMENTS}/${own}`, whole(name, parts) as never)
    },
    seconds: async (so: () => boolean, what: string) => {
      await until(() => {
        time.advance(50)
        return so()
      }, what)
    },
  })
  await on.seconds(() => tables.length > 0, 'a table')
  return on
}

/** As the API server keeps it: with a template that has a spec. */
export function whole(name: string, parts?: Parameters<typeof deployment>[1]): object {
  const made = deployment(name, parts)
  const spec = { containers: [{ name: 'app', image: 'model:1' }] }
  return {
    metadata: made.metadata,
    spec: { ...made.spec, template: { ...made.spec.template, spec } },
  }
}
