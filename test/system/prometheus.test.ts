import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { asked, type Asked } from '../dashboards/queries.ts'
import { closedLoop, pause, until } from '../e2e/client.ts'
import { startRun, type Run } from '../e2e/run.ts'
import { startPrometheus, type Prometheus } from './prometheus.ts'

const execute = promisify(execFile)
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const rules = here('../../dashboards/prometheus/rules.yaml')
const tests = here('../../dashboards/prometheus/tests.yaml')

/** Queries that a machine may leave empty, with what it would need. Everything else has to give numbers. */
const gpu = { needs: 'an NVIDIA GPU that nvidia-smi shows', has: () => existsSync('/dev/nvidia0') }
const needs: Record<string, { needs: string; has: () => boolean }> = {
  'endpoint: GPU use ({{replica}})': gpu,
  'endpoint: GPU memory ({{replica}})': gpu,
}

test('promtool finds the rules in order, and each alert fires when it should', async t => {
  t.regex((await execute('promtool', ['check', 'rules', rules])).stdout, /SUCCESS/)
  t.regex((await execute('promtool', ['test', 'rules', tests])).stdout, /SUCCESS/)
})

test('a real Prometheus answers every query of dashboards and rules from a running platform', async t => {
  t.timeout(240_000)
  const run = await startRun(here('platform.yaml'))
  t.teardown(() => run.stop())
  const prometheus = await startPrometheus(`${run.places.platform}/v1/scrape`, rules)
  t.teardown(() => prometheus.stop())
  const stop = await drive(run)
  t.teardown(stop)
  await until('every page is scraped', 60_000, async () => {
    const targets = await prometheus.targets()
    const parts = new Set(targets.filter(({ health }) => health === 'up').map(row => row.component))
    return parts.size === 4
  })
  const open = new Map(questions().map(question => [question.where, question]))
  for (const [where, { has }] of Object.entries(needs)) {
    t.true(open.has(where), `no query ${where}: take it from the table`)
    if (!has()) open.delete(where)
  }
  const empty = await untilAnswered(prometheus, [...open.values()], 120_000)
  t.deepEqual(empty, [])
  const planted = { where: 'planted', expr: 'outrigger_acting > 1' }
  t.is((await untilAnswered(prometheus, [planted], 0)).length, 1, 'an empty one is found')
  const bad = (await prometheus.targets()).filter(({ error }) =>
    /parse|invalid|duplicate/i.test(error),
  )
  t.deepEqual(bad, [], 'Prometheus reads every page')
})

/** Asks until each has given numbers once; gives those that never did. */
async function untilAnswered(prometheus: Prometheus, all: Asked[], ms: number): Promise<string[]> {
  const end = performance.now() + ms
  let open = all
  do {
    const still: Asked[] = []
    for (const question of open) {
      const samples = await prometheus.query(question.expr)
      if (!samples.some(({ value }) => !Number.isNaN(value))) still.push(question)
    }
    open = still
    if (open.length > 0) await pause(1000)
  } while (open.length > 0 && performance.now() < end)
  return open.map(({ where, expr }) => `${where}: ${expr}`)
}

/**
 * Grafana's variables filled in, and an alert's conditions apart from their thresholds: a calm platform
 * raises none, but what they look at has to be there.
 */
function questions(): Asked[] {
  return asked().flatMap(({ where, expr }) => {
    const filled = expr
      .replaceAll('$__rate_interval', '20s')
      .replaceAll('endpoint="$endpoint"', 'endpoint=~"local/.+"')
    if (!where.startsWith('rule Outrigger')) return [{ where, expr: filled }]
    const parts = filled.replace(/^absent\((.*)\)$/s, '$1').split(' unless ')
    return parts.map((part, i) => ({
      where: parts.length === 1 ? where : `${where} (${i + 1})`,
      expr: part.replace(/\s*(==|>|<)\s*[\d.]+\s*$/, ''),
    }))
  })
}

/** Requests straight to a sidecar, so that its own queue and counts are seen too. Gives what stops them. */
async function drive(run: Run): Promise<() => Promise<void>> {
  const platform = await run.platform()
  const agent = platform.endpoints.find(({ endpoint }) => endpoint === 'local/agent')
  const url = `http://${agent?.replicas[0]?.address}`
  const loop = closedLoop({ url, path: '/v1/run', body: { question: 'Who is there?' } }, 4)
  return async () => void (await loop.stop())
}
