import { readOverride } from '../../overrides.ts'
import type { Override } from '../../../core/model/decision.ts'
import type { Issue } from '../../../core/model/schema.ts'
import {
  readSettings,
  settingNames,
  type SettingName,
  type Settings,
} from '../../../core/model/settings.ts'
import { nearest } from '../../../core/model/units.ts'
import { knownAnnotations } from '../annotations.ts'
import { readBalancerUrl } from '../usage/load-balancer.ts'
import type { Rival } from './conflicts.ts'
import { PREFIX } from './names.ts'
import type { Deployment } from './objects.ts'

export interface Annotated {
  settings: Settings
  overrides: Override[]
  /** What is not as expected; `settings` are the defaults where a setting is among them. */
  issues: Issue[]
  /** A setting is wrong. */
  bad: boolean
}

/** Ours, without their prefix: the Deployment's own win over its template's. */
export function annotationsOf({ metadata, spec }: Deployment): Record<string, string> {
  const all = { ...spec.template.metadata?.annotations, ...metadata.annotations }
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) =>
      // An empty value is what a template engine leaves of a value that was not given.
      name.startsWith(PREFIX) && value !== '' ? [[name.slice(PREFIX.length), value] as const] : [],
    ),
  )
}

/** Reads what people wrote. Every error at once, each with the annotation's whole name. */
export function readAnnotations(annotations: Record<string, string>, now: number): Annotated {
  const raw: Record<string, unknown> = {}
  const issues: Issue[] = []
  const overrides: Override[] = []
  const strange: string[] = []
  for (const [name, value] of Object.entries(annotations)) {
    if (settingNames.includes(name as SettingName)) raw[name] = value
    else if (name === 'edge' && value !== 'true' && value !== 'false')
      issues.push({ path: PREFIX + name, expected: 'true or false', got: show(value) })
    else if (name === 'load-balancer-metrics' && readBalancerUrl(value) === null)
      issues.push({ path: PREFIX + name, expected: 'an http URL', got: show(value) })
    else if (overrideNames.includes(name)) readOne(name, value, now, overrides, issues)
    else if (!knownAnnotations.includes(name)) strange.push(name)
  }
  for (const name of strange.slice(0, MOST_STRANGE)) {
    if (name.startsWith('override-')) readOne(name, annotations[name] ?? '', now, overrides, issues)
    else issues.push(unknown(name))
  }
  const read = readSettings(raw)
  issues.push(...read.issues.map(issue => ({ ...issue, path: PREFIX + issue.path })))
  return { settings: read.settings, overrides, issues, bad: read.issues.length > 0 }
}

const overrideNames: readonly string[] = [...settingNames, 'replicas'].map(
  name => `override-${name}`,
)
/** More are noise, and to look for what each may have meant takes time. */
const MOST_STRANGE = 10

function unknown(name: string): Issue {
  const close = nearest(name, [...settingNames, ...knownAnnotations])
  return { path: PREFIX + name, expected: `a known annotation${close}`, got: JSON.stringify(name) }
}

/** `VALUE[; until=RFC3339][; who=NAME]`. One whose time is over is none. */
function readOne(
  name: string,
  text: string,
  now: number,
  overrides: Override[],
  issues: Issue[],
): void {
  const path = PREFIX + name
  const { value, until, who } = splitOverride(text)
  const end = until === null ? null : Date.parse(until)
  if (end !== null && (Number.isNaN(end) || !RFC3339.test(until ?? '')))
    issues.push({
      path,
      expected: 'until=RFC 3339, such as 2026-01-31T18:00:00Z',
      got: show(until),
    })
  const read = readOverride({ what: name.slice('override-'.length), value, who }, now)
  if ('errors' in read) {
    issues.push(...read.errors.map(error => issueOf(path, error)))
    return
  }
  if (end !== null && (Number.isNaN(end) || end <= now)) return
  overrides.push({ ...read.override, until: end })
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i
const PART = /;\s*(until|who)=([^;]*)$/

/** From the end, each once: a value may be JSON with semicolons of its own. */
function splitOverride(text: string): { value: string; until: string | null; who: string | null } {
  const out: { value: string; until: string | null; who: string | null } = {
    value: text.trim(),
    until: null,
    who: null,
  }
  for (let part = PART.exec(out.value); part !== null; part = PART.exec(out.value)) {
    const name = part[1] as 'until' | 'who'
    if (out[name] !== null) break
    out[name] = (part[2] ?? '').trim()
    out.value = out.value.slice(0, part.index).trim()
  }
  return out
}

/** "value: expected X, got Y" said of an annotation. */
function issueOf(path: string, error: string): Issue {
  const [, expected = error, got = ''] = /expected (.*), got (.*)$/s.exec(error) ?? []
  return { path, expected, got }
}

function show(value: string | null): string {
  return JSON.stringify(value)
}

/**
 * Replicas that somebody else scales are frozen, so that each decision is a recorded HOLD that names the
 * other. What people froze stays frozen.
 */
export function withRival(
  overrides: readonly Override[],
  settings: Settings,
  rival: Rival | null,
): Override[] {
  if (rival === null) return [...overrides]
  const asked = overrides.findLast(({ what }) => what === 'freeze')
  const frozen = asked === undefined ? JSON.stringify(settings.freeze) : asked.value
  const all = frozen === '"limit"' || frozen === '"all"'
  return [
    ...overrides.filter(({ what }) => what !== 'freeze' && what !== 'replicas'),
    {
      what: 'freeze',
      value: all ? '"all"' : '"replicas"',
      who: `${rival.kind} ${rival.name}`,
      until: null,
    },
  ]
}
