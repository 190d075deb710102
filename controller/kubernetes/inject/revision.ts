import { createHash } from 'node:crypto'
import { canonical, type Json } from '../../../core/model/canonical.ts'
import { isMapping } from '../../../core/model/schema.ts'
import { isForeign } from './meshes.ts'
import type { Container, PodSpec, Resources } from './pod.ts'
import { nanos } from './quantity.ts'
import { SIDECAR } from './names.ts'

/**
 * The revision of a pod or a pod template: what makes the model behave differently, and nothing else. Images,
 * commands and variables count, of init containers too (they often fetch the model); resources of the model's
 * containers count. Labels, annotations, probes, ports and volumes don't; nor do sidecars of a mesh or ours, so
 * a pod has the same revision before and after injection. What the API server fills in (requests from limits,
 * the version of a fieldRef, 1000m for 1) makes no difference. Admission that changes resources or variables
 * (a LimitRange, a vertical autoscaler) does: there the annotation of the pod says more than its template.
 */
export function revisionOf(spec: Pick<PodSpec, 'containers' | 'initContainers'>): string {
  const own = (containers: readonly Container[] | null | undefined): readonly Container[] =>
    (containers ?? []).filter(({ name }) => name !== SIDECAR && !isForeign(name))
  const what = {
    containers: own(spec.containers).map(each => ({
      ...behaviour(each),
      resources: resourcesOf(each.resources),
    })),
    init: own(spec.initContainers).map(behaviour),
  }
  return createHash('sha256').update(canonical(what)).digest('hex').slice(0, 16)
}

function behaviour({ image, command, args, env, envFrom }: Container): { [key: string]: Json } {
  return {
    image: plain(image),
    command: plain(command ?? []),
    args: plain(args ?? []),
    env: (env ?? []).map(each => ({
      name: plain(each.name),
      value: plain(each.value ?? ''),
      from: plain(each.valueFrom),
    })),
    envFrom: plain(envFrom ?? []),
  }
}

/** Requests that are not given are the limits, as for the scheduler; sizes in billionths, however written. */
function resourcesOf(resources: Resources | null | undefined): Json {
  const limits = resources?.limits ?? {}
  const sizes = (of: Record<string, string | number>): Json =>
    Object.fromEntries(
      Object.entries(of).map(([name, size]) => [
        name.toWellFormed(),
        nanos(size)?.toString() ?? plain(size),
      ]),
    )
  return { limits: sizes(limits), requests: sizes({ ...limits, ...resources?.requests }) }
}

/** JSON without what is the same as nothing: nulls, and what the API server writes where nothing was said. */
function plain(value: unknown): Json {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'boolean') return value
  if (!isMapping(value)) return null
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== null && entry !== undefined)
      .filter(([key, entry]) => filledIn[key] !== entry)
      .map(([key, entry]) => [key.toWellFormed(), plain(entry)]),
  )
}

const filledIn: Readonly<Record<string, unknown>> = {
  apiVersion: 'v1',
  divisor: '0',
  optional: false,
}
