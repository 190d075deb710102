import { behavior, type Behavior } from './behavior.ts'
import { show, type Issue } from './schema.ts'
import { HOUR, milliseconds, nearest, plain, worded, type Kind } from './units.ts'

/**
 * Every setting of an endpoint, once: annotations (`outrigger.dev/NAME`), outrigger.yaml, the docs and
 * the page read this table. Nothing needs to be set. Stored in whole units: ms, permille, counts.
 */
interface Setting {
  kind: Kind
  /** In stored units: ms for a duration, permille for a share. */
  default: number | boolean | string | Behavior | null
  min?: number
  max?: number
  choices?: readonly string[]
  sentence: string
}

export const settingsTable = {
  'min-replicas': {
    kind: 'int',
    default: 1,
    min: 0,
    max: 10_000,
    sentence: 'Never fewer replicas than this. 0 needs scale-to-zero.',
  },
  'max-replicas': {
    kind: 'int',
    default: 10,
    min: 1,
    max: 10_000,
    sentence: 'Never more replicas than this.',
  },
  'scale-to-zero': {
    kind: 'bool',
    default: false,
    sentence:
      'Whether the last replica may go when nothing is asked of it; the edge holds what comes next.',
  },
  'hold-at-zero': {
    kind: 'duration',
    default: 30_000,
    min: 1000,
    max: HOUR,
    sentence:
      'How long the edge holds a request while there is no ready replica, or while there may be more of them soon.',
  },
  'latency-objective': {
    kind: 'duration',
    default: null,
    min: 1,
    max: HOUR,
    sentence:
      'A request is good when its service time is at most this. Not given: derived from latency at low load.',
  },
  'limit-min': {
    kind: 'int',
    default: 1,
    min: 1,
    max: 100_000,
    sentence: 'The learned limit is never below this.',
  },
  'limit-max': {
    kind: 'int',
    default: 1000,
    min: 1,
    max: 100_000,
    sentence: 'The learned limit is never above this.',
  },
  'first-limit': {
    kind: 'int',
    default: 4,
    min: 1,
    max: 100_000,
    sentence:
      'A new endpoint starts from this limit, or from 4 (2 without latency-objective) where that is lower.',
  },
  'fixed-limit': {
    kind: 'int',
    default: null,
    min: 1,
    max: 100_000,
    sentence: 'Use this limit and learn none.',
  },
  'target-utilization': {
    kind: 'share',
    default: 800,
    min: 100,
    max: 1000,
    sentence:
      'The share of the slots that a demand of 64 requests at once should fill; headroom grows as the root of demand.',
  },
  'queue-deadline': {
    kind: 'duration',
    default: null,
    min: 1,
    max: HOUR,
    sentence:
      'How long a request may wait for a slot. Not given: half the latency objective, else twice the median service time within 0.1 s to 10 s.',
  },
  'decide-every': {
    kind: 'duration',
    default: 5000,
    min: 1000,
    max: 60_000,
    sentence:
      'How often the number of replicas is decided; while requests wait and there may be more replicas, each second.',
  },
  'learn-every': {
    kind: 'duration',
    default: 30_000,
    min: 1000,
    max: HOUR,
    sentence:
      'How often the limit is decided once it is learned; a cold start decides as soon as the evidence suffices.',
  },
  'scale-down-window': {
    kind: 'duration',
    default: null,
    min: 0,
    max: HOUR,
    sentence:
      'Replicas go only when every proposal of this long agreed. Not given: learned from how soon needs come back.',
  },
  tolerance: {
    kind: 'share',
    default: 100,
    min: 0,
    max: 1000,
    sentence:
      'A need that is lower by less than this share of the replicas, and CPU use that is higher by less, is left alone.',
  },
  'missing-data-share': {
    kind: 'share',
    default: 500,
    min: 0,
    max: 1000,
    sentence: 'With less than this share of the replicas reporting, nothing is removed.',
  },
  'cpu-target': {
    kind: 'share',
    default: 900,
    min: 100,
    max: 1000,
    sentence: 'CPU use of its quota above which the CPU guard proposes more replicas.',
  },
  'memory-target': {
    kind: 'share',
    default: 900,
    min: 100,
    max: 1000,
    sentence: 'Memory use of its limit above which the memory guard proposes more replicas.',
  },
  'gpu-target': {
    kind: 'share',
    default: 950,
    min: 100,
    max: 1000,
    sentence: 'GPU use above which the GPU guard proposes more replicas.',
  },
  'kv-target': {
    kind: 'share',
    default: 850,
    min: 100,
    max: 1000,
    sentence: 'KV cache use above which the KV cache guard proposes more replicas.',
  },
  behavior: {
    kind: 'behavior',
    default: null,
    sentence:
      'A `behavior` block as the HorizontalPodAutoscaler (autoscaling/v2) takes it: stabilisation windows and policies, up and down.',
  },
  freeze: {
    kind: 'choice',
    default: 'none',
    choices: ['none', 'limit', 'replicas', 'all'],
    sentence: 'What to leave as it is: decided and recorded as a hold.',
  },
  'advise-only': { kind: 'bool', default: false, sentence: 'Decide and record, act on nothing.' },
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof settingsTable

type Stored<S extends Setting> = S extends { kind: 'bool' }
  ? boolean
  : S extends { kind: 'choice'; choices: readonly (infer C)[] }
    ? C
    : S extends { kind: 'behavior' }
      ? Behavior | null
      : S extends { default: null }
        ? number | null
        : number

/** Settings of one endpoint, complete. */
export type Settings = { [N in SettingName]: Stored<(typeof settingsTable)[N]> }

export const settingNames = Object.keys(settingsTable) as SettingName[]

export const defaults = Object.fromEntries(
  settingNames.map(name => [name, settingsTable[name].default]),
) as Settings

/** Reads settings from YAML values or annotation strings. Every error at once; `at` names the place in errors. */
export function readSettings(
  raw: Record<string, unknown>,
  at = '',
): { settings: Settings; issues: Issue[] } {
  const issues: Issue[] = []
  const settings: Record<string, unknown> = { ...defaults }
  for (const [name, value] of Object.entries(raw)) {
    const path = at === '' ? name : `${at}.${name}`
    if (!Object.hasOwn(settingsTable, name)) {
      issues.push({
        path,
        expected: `a known setting${nearest(name, settingNames)}`,
        got: JSON.stringify(name),
      })
      continue
    }
    const setting: Setting = settingsTable[name as SettingName]
    const stored = value === null ? setting.default : readValue(setting, value, path, issues)
    if (stored !== undefined) settings[name] = stored
  }
  const read = settings as Settings
  if (issues.length === 0) issues.push(...contradictions(read, at))
  return { settings: issues.length === 0 ? read : defaults, issues }
}

function contradictions(s: Settings, at: string): Issue[] {
  const path = (name: SettingName): string => (at === '' ? name : `${at}.${name}`)
  const issues: Issue[] = []
  if (s['min-replicas'] > s['max-replicas']) {
    issues.push({
      path: path('min-replicas'),
      expected: `at most max-replicas (${s['max-replicas']})`,
      got: String(s['min-replicas']),
    })
  }
  if (s['min-replicas'] === 0 && !s['scale-to-zero']) {
    issues.push({
      path: path('min-replicas'),
      expected: 'at least 1, or scale-to-zero: true',
      got: '0',
    })
  }
  if (s['limit-min'] > s['limit-max']) {
    issues.push({
      path: path('limit-min'),
      expected: `at most limit-max (${s['limit-max']})`,
      got: String(s['limit-min']),
    })
  }
  return issues
}

function readValue(setting: Setting, value: unknown, path: string, issues: Issue[]): unknown {
  const wrong = (expected: string): undefined => {
    issues.push({ path, expected, got: show(value) })
    return undefined
  }
  if (setting.kind === 'bool') {
    if (value === true || value === 'true') return true
    return value === false || value === 'false' ? false : wrong('true or false')
  }
  if (setting.kind === 'choice') {
    return setting.choices?.includes(value as string)
      ? value
      : wrong(`one of ${setting.choices?.join(', ')}`)
  }
  if (setting.kind === 'behavior') return behavior(value, path, issues)
  const number =
    setting.kind === 'duration'
      ? milliseconds(value)
      : plain(value, setting.kind === 'share' ? 1000 : 1)
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = setting
  if (number === null || number < min || number > max) {
    return wrong(
      `${article(setting.kind)} from ${worded(setting.kind, min)} to ${worded(setting.kind, max)}`,
    )
  }
  return number
}

function article(kind: Kind): string {
  return kind === 'duration'
    ? 'a duration with its unit (ms, s, m, h)'
    : kind === 'share'
      ? 'a share'
      : 'an integer'
}
