import { canonical } from '../core/model/canonical.ts'
import type { Override } from '../core/model/decision.ts'
import { isMapping, sentence, show, type Issue } from '../core/model/schema.ts'
import { readSettings, settingNames, type SettingName } from '../core/model/settings.ts'
import { milliseconds, nearest, plain } from '../core/model/units.ts'

/** An override as people ask for it: {what, value, for: "10m" or none, who}. */
export function readOverride(
  raw: unknown,
  now: number,
): { override: Override } | { errors: string[] } {
  const issues: Issue[] = []
  if (!isMapping(raw)) return { errors: [`expected {what, value, for, who}, got ${show(raw)}`] }
  const { what, value, who = null } = raw
  const stored = typeof what === 'string' ? storedValue(what, value, issues) : undefined
  if (typeof what !== 'string')
    issues.push({ path: 'what', expected: 'the name of a setting', got: show(what) })
  const length = raw.for === undefined || raw.for === null ? null : milliseconds(raw.for)
  if (raw.for !== undefined && raw.for !== null && length === null) {
    issues.push({ path: 'for', expected: 'a duration with its unit (s, m, h)', got: show(raw.for) })
  }
  if (who !== null && (typeof who !== 'string' || who.length > 200)) {
    issues.push({ path: 'who', expected: 'a name of at most 200 characters', got: show(who) })
  }
  if (issues.length > 0 || stored === undefined) return { errors: issues.map(sentence) }
  const until = length === null ? null : now + length
  return {
    override: { what: String(what), value: canonical(stored), who: who as string | null, until },
  }
}

/** Bounds that no single value contradicts: an override is checked by itself. */
const WIDEST = { 'scale-to-zero': true, 'max-replicas': 10_000, 'limit-max': 100_000 }

function storedValue(what: string, value: unknown, issues: Issue[]): unknown {
  if (what === 'replicas') {
    const count = plain(value, 1)
    if (count !== null && count >= 0 && count <= 10_000) return count
    issues.push({ path: 'value', expected: 'an integer from 0 to 10000', got: show(value) })
    return undefined
  }
  if (!settingNames.includes(what as SettingName)) {
    const expected = `a setting or replicas${nearest(what, [...settingNames, 'replicas'])}`
    issues.push({ path: 'what', expected, got: JSON.stringify(what) })
    return undefined
  }
  const { settings, issues: wrong } = readSettings({ ...WIDEST, [what]: value })
  issues.push(...wrong.map(issue => ({ ...issue, path: 'value' })))
  return wrong.length > 0 ? undefined : settings[what as SettingName]
}
