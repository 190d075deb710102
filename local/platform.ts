import { randomUUID } from 'node:crypto'
import { check, sentence } from '../core/model/schema.ts'
import { scaleRequest, type Platform, type ScaleRequest } from '../core/model/tables.ts'
import { Refused, type Route } from '../core/runtime/admin.ts'
import type { EndpointPlan } from './file.ts'
import { freePort } from './ports.ts'
import { morePorts, startReplica, type Replica } from './replica.ts'
import type { Site } from './site.ts'

/**
 * The local platform: which processes there are, and how many there should be. It owns them, so a killed
 * controller owns none. Contract: GET /v1/platform?follow=1, PUT /v1/platform/ENDPOINT.
 */
interface Group {
  plan: EndpointPlan
  port: number
  desired: number
  /** The table's version at which `desired` was last set: a decision that did not see it is stale. */
  setAt: number
  made: number
  replicas: Replica[]
}

export interface LocalPlatform {
  routes: Route[]
  table(): Platform
  /** Addresses of the sidecars' /metrics. */
  metrics(): string[]
  /** Starts what each endpoint needs at least. */
  start(): Promise<void>
  stop(): Promise<void>
  lastWords(endpoint: string): string
  /** Fewest and most replicas that were ever asked for. */
  extremes(endpoint: string): { min: number; max: number; now: number }
}

export interface Peers {
  aggregator: string
  edges: { edge: string; admin: string }[]
}

export function localPlatform(
  site: Site,
  plans: EndpointPlan[],
  edgePorts: Map<string, number>,
  peers: () => Peers,
): LocalPlatform {
  const boot = randomUUID()
  const watchers = new Set<() => void>()
  const seen = new Map<string, { min: number; max: number }>()
  let version = 0
  let stopping = false
  const groups = new Map<string, Group>(
    plans.map(plan => [
      plan.endpoint,
      {
        plan,
        port: edgePorts.get(plan.endpoint) ?? 0,
        desired: plan.settings['min-replicas'],
        setAt: 0,
        made: 0,
        replicas: [],
      },
    ]),
  )

  const changed = (): void => {
    version++
    for (const tell of watchers) tell()
  }

  const table = (): Platform => ({
    v: 1,
    boot,
    version,
    ...peers(),
    endpoints: [...groups.values()].map(group => ({
      endpoint: group.plan.endpoint,
      revision: group.plan.revision,
      port: group.port,
      desired: group.desired,
      replicas: group.replicas.map(replica => ({ ...replica.row })),
    })),
  })

  async function grow(group: Group): Promise<void> {
    const name = `${group.plan.name}-${++group.made}`
    const free = (): Promise<number> => freePort(site.host)
    const [app, traffic, admin, metrics, ...more] = await Promise.all([
      free(),
      free(),
      free(),
      free(),
      ...Array.from({ length: morePorts(group.plan) }, free),
    ])
    if (stopping) return
    group.replicas.push(
      startReplica(site, group.plan, name, { app, more, traffic, admin, metrics }, changed),
    )
  }

  async function shrink(group: Group, replica: Replica): Promise<void> {
    await replica.stop()
    group.replicas = group.replicas.filter(other => other !== replica)
    changed()
  }

  function present(group: Group): Replica[] {
    return group.replicas.filter(replica => replica.row.state !== 'draining')
  }

  /** Brings a group to its desired count: all changes of one group follow one another. */
  const queues = new Map<Group, Promise<void>>()
  function reconcile(group: Group, victims: string[]): Promise<void> {
    const run = async (): Promise<void> => {
      while (present(group).length < group.desired && !stopping) await grow(group)
      const spare = present(group).length - group.desired
      for (const replica of chooseVictims(present(group), victims).slice(0, Math.max(0, spare)))
        void shrink(group, replica)
      changed()
    }
    const next = (queues.get(group) ?? Promise.resolve()).then(run)
    // Whoever asked hears of a failure; those that follow it start anew.
    queues.set(
      group,
      next.catch(() => {}),
    )
    return next
  }

  function note(group: Group): void {
    const now = group.desired
    const before = seen.get(group.plan.endpoint) ?? { min: now, max: now }
    seen.set(group.plan.endpoint, {
      min: Math.min(before.min, now),
      max: Math.max(before.max, now),
    })
  }

  async function scale(endpoint: string, request: ScaleRequest): Promise<Platform> {
    const group = groups.get(endpoint)
    if (group === undefined) throw new Refused(404, `no endpoint ${endpoint}`)
    if (stopping) throw new Refused(503, 'the platform is stopping')
    if (request.version > version || request.version < group.setAt) {
      throw new Refused(
        409,
        `the decision saw version ${request.version}; ${endpoint} was set at ${group.setAt}, and this is ${version}`,
      )
    }
    group.desired = request.replicas
    group.setAt = ++version
    note(group)
    await reconcile(group, request.victims)
    return table()
  }

  return {
    table,
    metrics: () =>
      [...groups.values()].flatMap(group => group.replicas.map(replica => replica.metrics)),
    routes: [
      {
        at: 'GET /v1/platform',
        handle: ask => {
          if (ask.query.get('follow') !== '1') return { status: 200, json: table() }
          return {
            follow: write => {
              const tell = (): void => void write(table())
              tell()
              watchers.add(tell)
              // A line each second also when nothing changes: a reader tells silence from calm.
              const beat = setInterval(tell, 1000)
              return () => {
                clearInterval(beat)
                watchers.delete(tell)
              }
            },
          }
        },
      },
      {
        at: 'PUT /v1/platform/:endpoint*',
        guarded: true,
        handle: async ask => {
          const checked = check(scaleRequest, await ask.json())
          if (!checked.ok) throw new Refused(400, checked.issues.map(sentence).join('; '))
          return { status: 200, json: await scale(ask.params['endpoint'] ?? '', checked.value) }
        },
      },
    ],
    async start() {
      for (const group of groups.values()) note(group)
      await Promise.all([...groups.values()].map(group => reconcile(group, [])))
    },
    async stop() {
      stopping = true
      await Promise.all(queues.values())
      await Promise.allSettled(
        [...groups.values()].flatMap(group => group.replicas.map(replica => replica.stop())),
      )
    },
    lastWords: endpoint =>
      groups
        .get(endpoint)
        ?.replicas.map(replica => replica.lastWords())
        .find(words => words !== '') ?? '',
    extremes: endpoint => ({
      min: 0,
      max: 0,
      ...seen.get(endpoint),
      now: groups.get(endpoint)?.desired ?? 0,
    }),
  }
}

/** Those named first, then those not ready, then the newest. */
export function chooseVictims<
  R extends { row: { replica: string; state: string; started: number } },
>(present: R[], named: string[]): R[] {
  const rank = (replica: R): number => {
    const at = named.indexOf(replica.row.replica)
    if (at >= 0) return at - named.length - 1
    return replica.row.state === 'ready' ? 1 : 0
  }
  return present.toSorted((a, b) => rank(a) - rank(b) || b.row.started - a.row.started)
}
