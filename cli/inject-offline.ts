import { randomBytes } from 'node:crypto'
import { applied } from '../controller/kubernetes/inject/apply.ts'
import type { Injecting, ServiceLike } from '../controller/kubernetes/inject/context.ts'
import { inject, type Injection } from '../controller/kubernetes/inject/inject.ts'
import { INJECT } from '../controller/kubernetes/inject/names.ts'
import { isMapping } from '../core/model/schema.ts'
import { isList, objectsIn } from './manifests.ts'

/** What became of one object that has pods. */
export interface Answer extends Injection {
  kind: string
  namespace: string
  name: string
  /** The annotation is on the object itself, where it does nothing. */
  misplaced: boolean
}

export type Given = Pick<Injecting, 'image' | 'rootKey'> & { namespace: string }

type Mapping = Record<string, unknown>

/** Where objects keep the template of their pods. */
const templates: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
}

/** The objects with their pods injected, as the webhook would have done it; those that change are new. */
export function injectAll(
  objects: readonly unknown[],
  given: Given,
): { objects: unknown[]; answers: Answer[] } {
  const answers: Answer[] = []
  const around = objects.flatMap(object => [...objectsIn(object)])
  const each = (object: unknown): unknown => {
    if (!isMapping(object)) return object
    if (isList(object)) {
      const items = object.items.map(each)
      return items.some((item, i) => item !== object.items[i]) ? { ...object, items } : object
    }
    const found = injectOne(object, given, around)
    if (found === null) return object
    answers.push(found.answer)
    return found.object
  }
  return { objects: objects.map(each), answers }
}

function injectOne(
  object: Mapping,
  given: Given,
  around: readonly Mapping[],
): { object: unknown; answer: Answer } | null {
  const kind = String(object.kind)
  const path = Object.hasOwn(templates, kind) ? templates[kind] : undefined
  if (path === undefined) return null
  const pod = path.reduce<unknown>((at, key) => mapping(at)[key], object)
  const { name, namespace, annotations } = mapping(object.metadata)
  const where = typeof namespace === 'string' ? namespace : given.namespace
  const called = typeof name === 'string' ? name : ''
  const context = contextOf(given, where, around)
  const found = inject(
    kind === 'Pod' || kind === 'Deployment'
      ? pod
      : owned(pod, kind === 'CronJob' ? 'Job' : kind, called),
    kind === 'Deployment' ? { ...context, deployment: called } : context,
  )
  const misplaced =
    kind !== 'Pod' &&
    Object.hasOwn(mapping(annotations), INJECT) &&
    found.reasons.some(({ code }) => code === 'not-asked')
  return {
    object:
      found.verdict === 'injected' ? replaced(object, path, applied(pod, found.patch)) : object,
    answer: { kind, namespace: where, name: called, misplaced, ...found },
  }
}

function contextOf(given: Given, namespace: string, around: readonly Mapping[]): Injecting {
  const within = around.filter(
    ({ metadata }) => (mapping(metadata).namespace ?? given.namespace) === namespace,
  )
  const own = around.find(
    ({ kind, metadata }) => kind === 'Namespace' && mapping(metadata).name === namespace,
  )
  return {
    ...given,
    namespace,
    pullPolicy: 'IfNotPresent',
    drainSecret: randomBytes(16).toString('hex'),
    excluded: ['kube-system', 'outrigger-system'],
    resources: { requests: { cpu: '25m', memory: '80Mi' }, limits: { memory: '256Mi' } },
    services: within.filter(({ kind }) => kind === 'Service').map(serviceOf),
    namespaceLabels: texts(mapping(own?.metadata).labels),
  }
}

/** A Service, as far as it is one. */
function serviceOf({ metadata, spec }: Mapping): ServiceLike {
  const { selector, ports } = mapping(spec)
  const all: unknown[] = Array.isArray(ports) ? ports : []
  return {
    metadata: { name: String(mapping(metadata).name) },
    spec: {
      selector: texts(selector),
      ports: all.map(mapping).flatMap(({ port, targetPort, appProtocol }) => {
        if (typeof port !== 'number') return []
        const target = typeof targetPort === 'number' || typeof targetPort === 'string'
        return [
          {
            port,
            ...(target ? { targetPort } : {}),
            ...(typeof appProtocol === 'string' ? { appProtocol } : {}),
          },
        ]
      }),
    },
  }
}

/** The pod of a template, as the controller of its kind would make it. */
function owned(template: unknown, kind: string, name: string): unknown {
  const { metadata, ...rest } = mapping(template)
  const ownerReferences = [{ kind, name, controller: true }]
  return { ...rest, metadata: { ...mapping(metadata), ownerReferences } }
}

function replaced(object: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  return { ...mapping(object), [key]: replaced(mapping(object)[key], rest, value) }
}

function mapping(value: unknown): Mapping {
  return isMapping(value) ? value : {}
}

function texts(value: unknown): Record<string, string> {
  const found = Object.entries(mapping(value))
  return Object.fromEntries(found.flatMap(([k, v]) => (typeof v === 'string' ? [[k, v]] : [])))
}
