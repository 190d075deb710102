import { behavior } from '../../core/model/behavior.ts'
import type { Override } from '../../core/model/decision.ts'
import type { Issue } from '../../core/model/schema.ts'
import { settingsTable, type SettingName, type Settings } from '../../core/model/settings.ts'

/**
 * Settings with what people have put in their place for now. `overrides` are those in force; one that
 * names no setting (`replicas` pins the count) or holds no value of its kind changes nothing. The last wins.
 */
export function withOverrides(settings: Settings, overrides: readonly Override[]): Settings {
  const out: Record<string, unknown> = { ...settings }
  for (const { what, value } of overrides) {
    if (!Object.hasOwn(settingsTable, what)) continue
    const stored = storedValue(what as SettingName, value)
    if (stored !== undefined) out[what] = stored
  }
  return agreeing(out as Settings)
}

/** Each override is checked by itself. Of bounds that leave no limit the upper one holds: no order could follow both. */
function agreeing(settings: Settings): Settings {
  const { 'limit-min': min, 'limit-max': max } = settings
  return min > max ? { ...settings, 'limit-min': max } : settings
}

/** The value in its stored form, or undefined where it is none. */
function storedValue(name: SettingName, json: string): unknown {
  const setting: {
    kind: string
    default: unknown
    min?: number
    max?: number
    choices?: readonly string[]
  } = settingsTable[name]
  const value = parsed(json)
  if (value === null) return setting.default === null ? null : undefined
  if (setting.kind === 'bool') return typeof value === 'boolean' ? value : undefined
  if (setting.kind === 'choice')
    return setting.choices?.some(choice => choice === value) ? value : undefined
  if (setting.kind === 'behavior') {
    const issues: Issue[] = []
    return behavior(value, name, issues)
  }
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = setting
  const good = Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
  return good ? value : undefined
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
