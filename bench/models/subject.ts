import type { DecisionBody, LogRecord, Summary } from '../../core/model/decision.ts'
import { quantile } from '../../core/model/histogram.ts'
import type { EndpointWindows } from '../../core/model/windows.ts'
import { call } from '../../core/runtime/call.ts'
import type { Run } from '../../test/e2e/run.ts'
import { pause, until } from '../../test/e2e/client.ts'

/** One second of an endpoint, as its sidecar measured it. */
export interface Second {
  limit: number
  ok: number
  good: number
  inFlight: number
  p95Ms: number
  /** Permille and bytes; null without a GPU. */
  gpu: { util: number; memoryBytes: number; memoryLimit: number | null } | null
}

export interface Evidence {
  /** Lines of the sidecars' pages. */
  metrics: string[] | null
  /** The last 20 s in the inputs of the newest decision about replicas. */
  window: Summary | null
  explain: string[]
}

interface Scraped {
  targets: string[]
}

/** An endpoint under measurement. */
export class Subject {
  private readonly run: Run
  private readonly name: string
  constructor(run: Run, name: string) {
    this.run = run
    this.name = name
  }

  async ready(): Promise<boolean> {
    const { endpoints } = await this.run.platform()
    const own = endpoints.find(({ endpoint }) => endpoint === `local/${this.name}`)
    return own?.replicas.some(({ state }) => state === 'ready') ?? false
  }

  decisions(what: DecisionBody['what']): LogRecord<'decision'>[] {
    return this.run
      .decisions()
      .filter(({ body }) => body.endpoint === `local/${this.name}` && body.what === what)
  }

  /** The limit last decided. */
  limit(): number {
    return this.decisions('limit').at(-1)?.body.outcome.to ?? 0
  }

  /** [ms since `began`, limit], where it changed. */
  limitsSince(began: number): [number, number][] {
    return this.decisions('limit')
      .map(({ body }): [number, number] => [body.now - began, body.outcome.to])
      .filter(([at, to], i, all) => at >= 0 && to !== all[i - 1]?.[1])
  }

  async fix(limit: number): Promise<void> {
    const { code, err } = await this.run.outrigger(
      ...['override', `local/${this.name}`, `fixed-limit=${limit}`],
      ...['--for', '1h', '--state', this.run.state],
    )
    if (code !== 0) throw new Error(err)
    await until(`limit ${limit}`, 15_000, async () => (await this.effective()) === limit)
    await pause(1000)
  }

  async clear(): Promise<void> {
    await this.run.outrigger('override', `local/${this.name}`, '--clear', '--state', this.run.state)
  }

  async device(): Promise<Second['gpu']> {
    return gpuOf(await this.run.windows(this.name))
  }

  /** The next so many whole seconds. */
  async over(count: number): Promise<Second[]> {
    const seconds: Second[] = []
    let seen = (await this.run.windows(this.name)).at
    while (seconds.length < count) {
      await pause(100)
      const now = await this.run.windows(this.name)
      if (now.at <= seen) continue
      seen = now.at
      const window = now.windows['1']?.replicas
      if (window === undefined || window.samples === 0) continue
      seconds.push({
        limit: Math.min(...now.replicas.map(row => row.effective)),
        ok: window.completed.ok,
        good: window.completed.ok - window.late,
        inFlight: Math.round(window.inFlight.integral / Math.max(1, window.us)),
        p95Ms: (quantile(window.service.histogram, 950) ?? 0) / 1000,
        gpu: gpuOf(now),
      })
    }
    return seconds
  }

  /** Where the GPU shows, as each place tells it now. */
  async evidence(): Promise<Evidence> {
    const scraped = (await call('GET', `${this.run.places.platform}/v1/scrape`)).json as Scraped[]
    const pages = await Promise.all(scraped.flatMap(({ targets }) => targets).map(metricsOf))
    const explained = await this.run.outrigger(
      ...['explain', `local/${this.name}`, '--state', this.run.state],
    )
    return {
      metrics: pages.join('\n').match(/^outrigger_model_gpu.*/gm),
      window: this.decisions('replicas').at(-1)?.body.inputs.windows?.['20'] ?? null,
      explain: explained.out.split('\n'),
    }
  }

  private async effective(): Promise<number> {
    const { replicas } = await this.run.windows(this.name)
    return Math.min(...replicas.map(row => row.effective))
  }
}

async function metricsOf(target: string): Promise<string> {
  return (await fetch(`http://${target}/metrics`)).text()
}

function gpuOf(windows: EndpointWindows): Second['gpu'] {
  return windows.windows['1']?.replicas.latest?.gpu ?? null
}
