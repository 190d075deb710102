import { check, isMapping, sentence } from '../../../core/model/schema.ts'
import type { Injecting } from './context.ts'
import { drainHook, graceOf } from './drain.ts'
import { factsOf } from './facts.ts'
import { portUses } from './handlers.ts'
import { excluding, ISTIO_EXCLUDED } from './meshes.ts'
import { INJECT, INJECTED, portNames, written } from './names.ts'
import { doubtsOf, notesOn } from './notes.ts'
import { Edits, type JsonPatchOp } from './patch.ts'
import { podSchema } from './pod.ts'
import { revisionOf } from './revision.ts'
import { sharesProcesses, sidecarOf, volume } from './sidecar.ts'
import { judge, type Plan } from './verdict.ts'
import { levelOf, reason, type Reason } from './words.ts'

/**
 * Facts of a pod -> verdict with its reasons -> patch. The same pod and context give the same answer, nothing
 * is asked of anyone, and no pod makes it throw: one that cannot be injected runs as it is, and it is said why.
 */
export interface Injection {
  verdict: 'injected' | 'skipped' | 'already'
  reasons: Reason[]
  /** For the person who applies the pod: at most 250 characters each. */
  warnings: string[]
  patch: JsonPatchOp[]
}

export function inject(pod: unknown, context: Injecting): Injection {
  if (!mentions(pod)) return answer('skipped', [reason('not-asked')])
  const checked = check(podSchema, pod)
  if (!checked.ok) {
    const issues = checked.issues.slice(0, 5)
    const reasons = issues.map(issue => reason('malformed', { issue: sentence(issue) }))
    return answer('skipped', reasons)
  }
  const facts = factsOf(checked.value, context)
  const { asked, already } = facts
  if (already) return answer('already', [reason('already')])
  if (!asked.inject && !asked.issues.some(({ path }) => path === INJECT))
    return answer('skipped', [reason('not-asked')])
  const plan = judge(facts, context)
  if (Array.isArray(plan)) return answer('skipped', [...plan, ...doubtsOf(facts)])
  const reasons = [...notesOn(plan, context), ...doubtsOf(facts)]
  return answer('injected', reasons, patchOf(plan, context))
}

/** Whether the annotation is there at all: a pod that never asked is not looked at. */
function mentions(pod: unknown): boolean {
  const metadata = isMapping(pod) ? pod.metadata : null
  const annotations = isMapping(metadata) ? metadata.annotations : null
  return isMapping(annotations) && Object.hasOwn(annotations, INJECT)
}

/** Pods are looked at before the API server bounds them: one with ten thousand ports has as many reasons. */
const MOST_REASONS = 40

function answer(
  verdict: Injection['verdict'],
  all: readonly Reason[],
  patch: JsonPatchOp[] = [],
): Injection {
  const reasons = all.slice(0, MOST_REASONS)
  const warnings = reasons
    .filter(({ code }) => code !== 'not-asked' && /skipped|warning/.test(levelOf(code)))
    .map(each => `outrigger: ${each.sentence}`)
    .map(text => (text.length > 250 ? `${text.slice(0, 247).toWellFormed()}...` : text))
  return { verdict, reasons, warnings, patch }
}

function patchOf(plan: Plan, context: Injecting): JsonPatchOp[] {
  const { facts } = plan
  const { pod } = facts
  const edits = new Edits(pod)
  const revision = revisionOf(pod.spec)
  changeContainer(edits, plan, context)
  edits.push(['spec', 'initContainers'], sidecarOf(plan, context, revision), 'first')
  edits.push(['spec', 'volumes'], volume, 'last')
  const given = (pod.spec.imagePullSecrets ?? []).map(({ name }) => name)
  for (const name of context.imagePullSecrets ?? [])
    if (!given.includes(name)) edits.push(['spec', 'imagePullSecrets'], { name }, 'last')
  const grace = pod.spec.terminationGracePeriodSeconds
  if (graceOf(grace) !== (grace ?? graceOf(grace)))
    edits.set(['spec', 'terminationGracePeriodSeconds'], graceOf(grace))
  if (sharesProcesses(facts) && pod.spec.shareProcessNamespace !== true)
    edits.set(['spec', 'shareProcessNamespace'], true)
  for (const [name, value] of Object.entries(annotationsOf(plan, revision)))
    edits.set(['metadata', 'annotations', name], value)
  edits.set(['metadata', 'labels', INJECTED], 'true')
  return edits.patch
}

/** The model's container: its port's name goes to the sidecar, and its end waits for the drain. */
function changeContainer(edits: Edits, plan: Plan, context: Injecting): void {
  const { facts, container, port } = plan
  const at = ['spec', 'containers', port.container]
  if (facts.asked.mode === 'rename' && port.name !== null && port.index !== null) {
    edits.set([...at, 'ports', port.index, 'name'], portNames.model)
    for (const use of portUses(container))
      if (use.reference === port.name) edits.set([...at, ...use.at], port.number)
  }
  if (!container.lifecycle?.preStop) {
    const hook = drainHook('app', facts.ports.admin, context.drainSecret)
    edits.set([...at, 'lifecycle', 'preStop'], hook)
  }
}

function annotationsOf({ facts, endpoint, port }: Plan, revision: string): Record<string, string> {
  const { asked, pod, ports, mesh } = facts
  const excluded =
    mesh === 'istio'
      ? excluding(pod.metadata?.annotations?.[ISTIO_EXCLUDED], [ports.admin, ports.metrics])
      : null
  return {
    [written.status]: 'injected',
    [written.endpoint]: endpoint,
    [written.revision]: revision,
    [written.mode]: asked.mode,
    [written.appPort]: String(port.number),
    [written.adminPort]: String(ports.admin),
    [written.metricsPort]: String(ports.metrics),
    ...(excluded === null ? {} : { [ISTIO_EXCLUDED]: excluded }),
  }
}
