import test from 'ava'
import { dashboards } from '../../dashboards/generate.ts'
import { asked, panels, read, rules, unknownIn } from './queries.ts'

const recorded = new Set(rules().flatMap(rule => rule.record ?? []))

test('the committed dashboards are what the code makes', t => {
  for (const [name, json] of Object.entries(dashboards())) {
    t.is(read(`grafana/${name}`), json, `${name}: run node dashboards/generate.ts`)
  }
})

test('each panel has a title of its own, a description, a unit and a query with a legend', t => {
  for (const board of ['fleet', 'endpoint']) {
    const own = panels().filter(row => row.board === board)
    t.is(new Set(own.map(row => row.panel.title)).size, own.length)
  }
  for (const { panel } of panels()) {
    t.regex(panel.description ?? '', /\.$/, panel.title)
    t.truthy(panel.fieldConfig?.defaults.unit, panel.title)
    t.true((panel.targets ?? []).length > 0, panel.title)
    for (const target of panel.targets ?? []) t.truthy(target.legendFormat, panel.title)
  }
})

test('every query of dashboards and rules names signals of the table, with their labels', t => {
  for (const { where, expr } of asked()) t.deepEqual(unknownIn(expr, recorded), [], where)
})

test('legends name labels that the query keeps', t => {
  for (const { panel } of panels()) {
    for (const { expr, legendFormat } of panel.targets ?? []) {
      const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
      const kept = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) =>
        list.split(', '),
      )
      const folded = /\b(sum|min|max|avg)\b/.test(expr)
      for (const label of labels)
        t.true(!folded || kept.includes(label), `${panel.title}: ${label}`)
    }
  }
})

test('the check finds what is planted', t => {
  const found = (expr: string): string[] => unknownIn(expr, recorded)
  t.deepEqual(found('outrigger_nothing'), ['no signal outrigger_nothing'])
  t.deepEqual(found('outrigger_acting{endpoint="a"}'), ['outrigger_acting has no endpoint'])
  t.deepEqual(found('sum by (pod) (outrigger_limit)'), ['nothing has the label pod'])
  t.deepEqual(found('outrigger_tick_seconds'), ['no signal outrigger_tick_seconds'])
  t.deepEqual(found('outrigger_acting_bucket'), ['no signal outrigger_acting_bucket'])
  t.deepEqual(found('up'), ['no metric at all'])
  t.deepEqual(found('sum by (le) (rate(outrigger_tick_seconds_bucket[5m]))'), [])
  t.deepEqual(found('endpoint:outrigger_limit:sum{endpoint="a"}'), [])
})
