import { check, isMapping, sentence, show, type Issue } from '../../core/model/schema.ts'
import { readSettings, type Settings } from '../../core/model/settings.ts'
import type { PlantSpec } from '../plants/spec.ts'
import type { ClientsFile } from '../traffic/clients.ts'
import type { TrafficFile } from '../traffic/spec.ts'
import { us } from '../words.ts'
import { expectations, type Expectation } from './expect.ts'
import { scenarioFile } from './schema.ts'

/**
 * The kubelet looks for ended containers each second and such a pod is not ready (Kubernetes 1.36,
 * pkg/kubelet/pleg/generic.go, pkg/kubelet/prober/prober_manager.go: UpdatePodStatus); then the word goes to
 * endpoints, and to proxies at most once a second (pkg/proxy/iptables: minSyncPeriod).
 */
const UNREADY = '2s'

/** A scenario that was checked, with what its file leaves out. */
export interface Scenario {
  name: string | null
  about: string | null
  plant: PlantSpec
  traffic: TrafficFile
  clients: ClientsFile | null
  settings: Settings
  replicas: number
  startUpUs: number
  startUpCv: number
  /** Until a replica whose model is down is known not to be ready, in the mean. */
  unreadyUs: number
  /** An answer is good within this, us; Infinity: any is. */
  objectiveUs: number
  /** What rivals are told that a replica may hold. */
  limit: number
  edges: number
  /** How a plain Service chooses (fronts/service.ts). */
  service: 'random' | 'two'
  runUs: number
  seed: number
  policies: string[]
  limiters: string[]
  /** By policy. */
  expect: Record<string, Expectation>
}

/** A scenario from what its YAML says; throws one Error with every issue, a sentence a line. */
export function scenarioFrom(raw: unknown): Scenario {
  const checked = check(scenarioFile, raw)
  const given = isMapping(raw) && isMapping(raw.settings) ? raw.settings : {}
  const { settings, issues } = readSettings(given, 'settings')
  if (!checked.ok) throw errorOf([...checked.issues, ...issues])
  const { name, about, plant, traffic, clients, ...file } = checked.value
  const { replicas = 1, startUp = '20s', edges = 1, run, seed = 1, expect } = file
  const scenario: Scenario = {
    name: name ?? null,
    about: about ?? null,
    plant,
    traffic,
    clients: clients ?? null,
    settings,
    replicas,
    startUpUs: us(startUp),
    startUpCv: file.startUpCv ?? 0,
    unreadyUs: us(file.unready ?? UNREADY),
    objectiveUs: objectiveOf(file.objective, settings),
    limit: file.limit ?? settings['fixed-limit'] ?? 4,
    edges,
    service: file.service ?? 'random',
    runUs: us(run),
    seed,
    policies: file.policies ?? ['outrigger'],
    limiters: file.limiters ?? ['outrigger'],
    expect: expectations(expect),
  }
  const all = [...issues, ...contradictions(scenario)]
  if (all.length > 0) throw errorOf(all)
  return scenario
}

function objectiveOf(given: string | undefined, settings: Settings): number {
  const told = settings['latency-objective']
  if (given !== undefined) return us(given)
  return told === null ? Infinity : told * 1000
}

/** What is well said but fits nothing else in the file. */
function contradictions({ plant, traffic, policies, expect, runUs }: Scenario): Issue[] {
  const issues: Issue[] = []
  const wrong = (path: string, expected: string, got: string): void => {
    issues.push({ path, expected, got })
  }
  const classes = plant.classes?.length ?? 1
  const sent = traffic.classes?.length ?? 1
  if (sent > classes)
    wrong('traffic.classes', `at most the plant's classes (${classes})`, `${sent}`)
  for (const [policy, { replicasAt }] of Object.entries(expect)) {
    if (!policies.includes(policy)) {
      wrong('expect', `policies of the scenario (${policies.join(', ')})`, show(policy))
    }
    for (const { second } of replicasAt) {
      if (Number.isInteger(second) && second * 1e6 < runUs) continue
      wrong('expect.replicasAt', `a whole second before the end (${runUs / 1e6}s)`, `${second}s`)
    }
  }
  return issues
}

function errorOf(issues: readonly Issue[]): Error {
  return new Error(issues.map(sentence).join('\n'))
}
