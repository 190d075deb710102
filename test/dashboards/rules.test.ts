import { readFileSync } from 'node:fs'
import test from 'ava'
import { parse } from 'yaml'
import { read, rules } from './queries.ts'

const alerts = rules().filter(rule => rule.alert !== undefined)
const page = readFileSync(new URL('../../docs/alerts.md', import.meta.url), 'utf8')

test('each alert has a summary, a description, a severity and a page', t => {
  for (const { alert = '', annotations = {}, labels = {} } of alerts) {
    t.regex(annotations['summary'] ?? '', /\.$/, alert)
    t.regex(annotations['description'] ?? '', /\.$/, alert)
    t.true(['critical', 'warning', 'info'].includes(labels['severity'] ?? ''), alert)
    t.is(annotations['runbook_url'], `docs/alerts.md#${alert.toLowerCase()}`)
  }
})

test('docs/alerts.md has each alert with its severity, and no other', t => {
  const headings = [...page.matchAll(/^## (.*)\n\n(\w+)\./gm)].map(([, name, severity]) => [
    name,
    severity?.toLowerCase(),
  ])
  t.deepEqual(
    headings.toSorted(),
    alerts.map(rule => [rule.alert, rule.labels?.['severity']]).toSorted(),
  )
})

test('each alert is tested both firing and not firing', t => {
  interface Case {
    alert_rule_test?: { alertname: string; exp_alerts?: unknown[] }[]
  }
  const cases = (parse(read('prometheus/tests.yaml')) as { tests: Case[] }).tests.flatMap(
    entry => entry.alert_rule_test ?? [],
  )
  for (const { alert } of alerts) {
    const own = cases.filter(entry => entry.alertname === alert)
    t.true(
      own.some(entry => (entry.exp_alerts?.length ?? 0) > 0),
      `${alert} firing`,
    )
    t.true(
      own.some(entry => (entry.exp_alerts?.length ?? 0) === 0),
      `${alert} not firing`,
    )
  }
})
