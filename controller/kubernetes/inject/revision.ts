import { createHash } from 'node:crypto'
import { canonical, type Json } from '../../../core/model/canonical.ts'
import { isMapping } from '../../../core/model/schema.ts'
import { isForeign } from './meshes.ts'
import { SIDECAR } from './names.ts'
import { nanos } from './quantity.ts'

/**
 * The revision of the spec of a pod or a pod template: what makes the model behave differently, and nothing
 * else. Images, commands and variables count, of init containers too (they often fetch the model); resources of
 * the model's containers count. Labels, annotations, probes, ports and volumes don't; nor do sidecars of a mesh
 * or ours, so a pod has the same revision before and after injection. What the API server fills in (requests
 * from limits, the version of a fieldRef, 1 for 1000m) makes no difference. Admission that changes resources or
 * variables (a LimitRange, a vertical autoscaler) does: the annotation of a pod then says more than its template.
 */
export function revisionOf(spec: unknown): string {
  const { containers, initContainers } = mapping(spec)
  const what = {
    containers: own(containers).map(each => ({
      ...behaviour(each),
      resources: resourcesOf(each['resources']),
    })),
    init: own(initContainers).map(behaviour),
  }
  return createHash('sha256').update(canonical(what)).digest('hex').slice(0, 16)
}

type Mapping = Readonly<Record<string, unknown>>

function mapping(value: unknown): Mapping {
  return isMapping(value) ? value : {}
}

function own(containers: unknown): Mapping[] {
  const all: unknown[] = Array.isArray(containers) ? containers : []
  return all.filter(isMapping).filter(({ name }) => name !== SIDECAR && !isForeign(String(name)))
}

function behaviour({ image, command, args, env, envFrom }: Mapping): { [key: string]: Json } {
  const variables: unknown[] = Array.isArray(env) ? env : []
  return {
    image: plain(image),
    command: plain(command ?? []),
    args: plain(args ?? []),
    env: variables.map(mapping).map(({ name, value, valueFrom }) => ({
      name: plain(name),
      value: plain(value ?? ''),
      from: plain(valueFrom),
    })),
    envFrom: plain(envFrom ?? []),
  }
}

/** Requests that are not given are the limits, as for the scheduler; sizes in billionths, however written. */
function resourcesOf(resources: unknown): Json {
  const { limits, requests } = mapping(resources)
  const sizes = (of: Mapping): Json =>
    Object.fromEntries(
      Object.entries(of).map(([name, size]) => [
        name.toWellFormed(),
        nanos(size)?.toString() ?? plain(size),
      ]),
    )
  return {
    limits: sizes(mapping(limits)),
    requests: sizes({ ...mapping(limits), ...mapping(requests) }),
  }
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
      .filter(([key, entry]) => !Object.hasOwn(filledIn, key) || filledIn[key] !== entry)
      .map(([key, entry]) => [key.toWellFormed(), plain(entry)]),
  )
}

const filledIn: Mapping = { apiVersion: 'v1', divisor: '0', optional: false }
