import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../local/ports.ts'
import { call } from '../../core/runtime/call.ts'
import { until } from '../e2e/client.ts'

/** A real Prometheus on loopback that scrapes what `discovery` lists, with our rules. */
export interface Prometheus {
  /** An instant query. Throws with Prometheus' words when it refuses the query. */
  query(expr: string): Promise<Sample[]>
  /** Health of each scraped page. */
  targets(): Promise<{ component: string; health: string; error: string }[]>
  stop(): Promise<void>
}

export interface Sample {
  metric: Record<string, string>
  /** NaN where a quantile has nothing to count. */
  value: number
}

export async function startPrometheus(discovery: string, rules: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-prometheus-'))
  const port = await freePort('127.0.0.1')
  const config = {
    global: { scrape_interval: '2s', evaluation_interval: '2s' },
    rule_files: [rules],
    scrape_configs: [
      {
        job_name: 'outrigger',
        honor_labels: true,
        http_sd_configs: [{ url: discovery, refresh_interval: '2s' }],
      },
    ],
  }
  // JSON is YAML.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let words = ''
  child.stderr.on('data', (part: Buffer) => (words += part.toString()))
  const ended = once(child, 'exit')
  const base = `http://127.0.0.1:${port}`
  await until('Prometheus is ready', 30_000, async () => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended: ${words}`)
    const answer = await call('GET', `${base}/-/ready`, { timeoutMs: 1000 }).catch(() => null)
    return answer?.status === 200
  })
  return {
    async query(expr) {
      const answer = await fetch(`${base}/api/v1/query?query=${encodeURIComponent(expr)}`)
      const json = (await answer.json()) as Answer
      if (json.status !== 'success') throw new Error(`${json.error}: ${expr}`)
      return json.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
    },
    async targets() {
      const answer = await fetch(`${base}/api/v1/targets`)
      const { data } = (await answer.json()) as Targets
      return data.activeTargets.map(({ labels, health, lastError }) => ({
        component: labels['component'] ?? '',
        health,
        error: lastError,
      }))
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface Answer {
  status: string
  error?: string
  data: { result: { metric: Record<string, string>; value: [number, string] }[] }
}

interface Targets {
  data: { activeTargets: { labels: Record<string, string>; health: string; lastError: string }[] }
}
