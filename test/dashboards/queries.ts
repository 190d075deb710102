import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { signals, type Signal } from '../../core/model/signals.ts'

/** Every query of the committed dashboards and rules, and what it names. Used by the tests. */
export interface Asked {
  where: string
  expr: string
}

export interface Rule {
  record?: string
  alert?: string
  expr: string
  annotations?: Record<string, string>
  labels?: Record<string, string>
}

export interface PanelJson {
  type: string
  title: string
  description?: string
  fieldConfig?: { defaults: { unit?: string } }
  targets?: { expr: string; legendFormat: string }[]
}

export const read = (file: string): string =>
  readFileSync(new URL(`../../dashboards/${file}`, import.meta.url), 'utf8')

const boards = ['fleet', 'endpoint']

export function panels(): { board: string; panel: PanelJson }[] {
  return boards.flatMap(board => {
    const { panels: all } = JSON.parse(read(`grafana/${board}.json`)) as { panels: PanelJson[] }
    return all.filter(panel => panel.type !== 'row').map(panel => ({ board, panel }))
  })
}

export function rules(): Rule[] {
  const { groups } = parse(read('prometheus/rules.yaml')) as { groups: { rules: Rule[] }[] }
  return groups.flatMap(group => group.rules)
}

export function asked(): Asked[] {
  return [
    ...panels().flatMap(({ board, panel }) =>
      (panel.targets ?? []).map(target => ({
        where: `${board}: ${panel.title} (${target.legendFormat})`,
        expr: target.expr,
      })),
    ),
    ...rules().map(rule => ({ where: `rule ${rule.record ?? rule.alert}`, expr: rule.expr })),
  ]
}

const table = new Map<string, Signal>(
  Object.values(signals).flatMap(part => Object.entries<Signal>(part)),
)
/** Labels that a recording rule's series have. */
const RECORDED = ['endpoint']

/** The series a query names, with the labels that it matches on. */
function seriesIn(expr: string): { name: string; labels: string[] }[] {
  return [...expr.matchAll(/([a-z:]*outrigger_[a-z0-9_:]*)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', matchers = '']) => ({
      name,
      labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
    }),
  )
}

function labelsOf(name: string, recorded: ReadonlySet<string>): readonly string[] | null {
  if (recorded.has(name)) return RECORDED
  const exact = table.get(name)
  if (exact !== undefined) return exact.kind === 'histogram' ? null : exact.labels
  const base = /^(.*)_(bucket|sum|count)$/.exec(name)
  const signal = base === null ? undefined : table.get(base[1] ?? '')
  if (signal?.kind !== 'histogram') return null
  return base?.[2] === 'bucket' ? [...signal.labels, 'le'] : signal.labels
}

/** What a query names that no signal has, in words. Empty when all is well. */
export function unknownIn(expr: string, recorded: ReadonlySet<string>): string[] {
  const series = seriesIn(expr)
  if (series.length === 0) return ['no metric at all']
  const problems: string[] = []
  const known = new Set<string>()
  for (const { name, labels } of series) {
    const has = labelsOf(name, recorded)
    if (has === null) {
      problems.push(`no signal ${name}`)
      continue
    }
    for (const label of has) known.add(label)
    for (const label of labels) if (!has.includes(label)) problems.push(`${name} has no ${label}`)
  }
  for (const [, list = ''] of expr.matchAll(/\b(?:by|on|without)\s*\(([^)]*)\)/g)) {
    for (const label of list.split(',').map(part => part.trim())) {
      if (label !== '' && !known.has(label)) problems.push(`nothing has the label ${label}`)
    }
  }
  return problems
}
