import { micros, type PlantSpec } from '../plants/spec.ts'
import type { ClientsFile } from '../traffic/clients.ts'
import type { TrafficFile } from '../traffic/spec.ts'

/** A scenario of the surge bench, as a scenario file has it; a trace's file is a name in examples/traces. */
export interface Surge {
  name: string
  about: string
  plant: PlantSpec
  traffic: TrafficFile
  clients: ClientsFile
  settings: Record<string, string | number>
  replicas: number
  startUp: string
  /** Until a replica whose model is down is known not to be ready. */
  unready: string
  limit: number
  run: string
}

/** So many requests that two seeds have to do, each a second or more of a core for each 100,000. */
export const heavy: ReadonlySet<string> = new Set(['conv-fast-20', 'conv-fast-20-2s', 'rocket'])

/** The ceiling, the same for everybody; no need comes near it, the worst 10 s of the code trace a third. */
const MOST = 60

/**
 * A model whose replica carries exactly `limit` requests, none of them slower for it. Everybody is told the
 * limit, so that scalers are compared and not limits; CPU in use is slots in use: the best case of an HPA on CPU.
 * It stops when a client leaves: if it worked on for nobody, whoever lets requests wait would collapse.
 */
interface Kind {
  limit: number
  meanMs: number
  /** Clients leave after so long: who makes them wait for ever loses them too. */
  timeout: string
}

const fast: Kind = { limit: 4, meanMs: 200, timeout: '2s' }
const slow: Kind = { limit: 16, meanMs: 2000, timeout: '10s' }
const tiny: Kind = { limit: 16, meanMs: 20, timeout: '1s' }

type More = Partial<Pick<Surge, 'replicas' | 'startUp' | 'unready' | 'clients'>> & {
  mishap?: Omit<PlantSpec, 'model'>
}

function surge(
  name: string,
  about: string,
  { limit, meanMs, timeout }: Kind,
  [traffic, run]: [traffic: TrafficFile, run: string],
  { replicas = 2, startUp = '20s', unready = '2s', clients = {}, mishap = {} }: More = {},
): Surge {
  const work = { mean: `${meanMs}ms`, spread: 'lognormal', cv: 0.5 } as const
  return {
    name,
    about,
    plant: { model: { kind: 'cores', cores: limit, work, stops: true }, ...mishap },
    traffic,
    clients: { timeout, ...clients },
    settings: {
      'fixed-limit': limit,
      'max-replicas': MOST,
      // Twice the service time: what is learned where the limit is, and not where it is fixed.
      'queue-deadline': `${2 * meanMs}ms`,
    },
    replicas,
    startUp,
    unready,
    limit,
    run,
  }
}

/** Requests a second that one replica carries. */
export function carries({ plant: { model }, limit }: Surge): number {
  if (model.kind !== 'cores') throw new Error(`a surge's model has cores: ${model.kind}`)
  return (limit * 1e6) / (micros(model.work.mean) ?? NaN)
}

/** Calm, ten times as much within 2 s, calm again. A fast replica carries 20 a second, a slow one 8. */
const step = (from: number): TrafficFile => ({
  lines: {
    points: { '0s': from, '300s': from, '302s': 10 * from, '900s': 10 * from, '902s': from },
  },
})
const ramp = (from: number): TrafficFile => ({
  lines: {
    points: { '0s': from, '300s': from, '600s': 10 * from, '900s': 10 * from, '1000s': from },
  },
})
const flash = (base: number, decay: string): TrafficFile => ({
  flash: { base, peak: 10 * base, at: '300s', decay },
})
const square = (low: number, period: string, share: number): TrafficFile => ({
  square: { low, high: 5 * low, period, share },
})
const diurnal = (low: number, period: string): TrafficFile => ({
  diurnal: { low, high: 8 * low, period },
})
const trace = (file: 'conv' | 'code', scale: number): TrafficFile => ({
  trace: { file: `azure-llm-2023-${file}.csv`, scale },
})

const retries = { retries: { times: 5, after: '500ms' } }
const errors = { errors: [{ from: '300s', until: '420s', share: 0.8 }] }
const crashes = { crashes: { from: '300s', until: '900s', every: '60s', restart: '15s' } }

/** All of them, each of 10 to 60 minutes. */
export const surges: readonly Surge[] = [
  surge('step-fast-2s', '10x in 2 s, quick to start', fast, [step(20), '1200s'], { startUp: '2s' }),
  surge('step-fast-20s', '10x in 2 s', fast, [step(20), '1200s']),
  surge('step-fast-90s', '10x in 2 s, slow to start', fast, [step(20), '1200s'], {
    startUp: '90s',
  }),
  surge('step-slow-20s', '10x in 2 s, requests of 2 s', slow, [step(8), '1200s']),
  surge('step-retries', '10x in 2 s, clients who come again', fast, [step(20), '1200s'], {
    clients: retries,
  }),
  surge('ramp-fast-20s', '10x in 5 min', fast, [ramp(20), '1200s']),
  surge('ramp-slow-20s', '10x in 5 min, requests of 2 s', slow, [ramp(8), '1200s']),
  surge('ramp-slow-90s', '10x in 5 min, slow to start', slow, [ramp(8), '1200s'], {
    startUp: '90s',
  }),
  surge('flash-fast-20s', '10x at once, decays in 2 min', fast, [flash(20, '120s'), '900s']),
  surge('flash-slow-20s', '10x at once, decays in 5 min', slow, [flash(8, '300s'), '1200s']),
  surge(
    'flash-retries',
    'the same with clients who come again',
    slow,
    [flash(8, '300s'), '1200s'],
    {
      clients: retries,
    },
  ),
  surge('square-fast-2s', '5x for 1 min of 3', fast, [square(25, '180s', 0.33), '1200s'], {
    startUp: '2s',
  }),
  surge('square-fast-20s', '5x for 1 min of 3', fast, [square(25, '180s', 0.33), '1200s']),
  surge('square-slow-20s', '5x for 4 min of 10', slow, [square(10, '600s', 0.4), '2400s']),
  surge('square-long-20s', '5x for 4 min of 15', fast, [square(15, '900s', 0.27), '2700s']),
  surge('diurnal-fast-20s', 'days of 20 min', fast, [diurnal(20, '1200s'), '2400s']),
  surge('diurnal-slow-90s', 'days of 20 min, slow to start', slow, [diurnal(8, '1200s'), '2400s'], {
    startUp: '90s',
  }),
  surge('conv-slow-4', 'Azure conv x 4', slow, [trace('conv', 4), '3500s']),
  surge('conv-slow-10', 'Azure conv x 10', slow, [trace('conv', 10), '3500s'], { replicas: 5 }),
  surge('conv-slow-10-90s', 'the same, slow to start', slow, [trace('conv', 10), '3500s'], {
    replicas: 5,
    startUp: '90s',
  }),
  surge('conv-fast-20', 'Azure conv x 20', fast, [trace('conv', 20), '3500s'], { replicas: 4 }),
  surge('conv-fast-20-2s', 'the same, quick to start', fast, [trace('conv', 20), '3500s'], {
    replicas: 4,
    startUp: '2s',
  }),
  surge('code-slow-5', 'Azure code x 5', slow, [trace('code', 5), '3400s']),
  surge('code-slow-5-2s', 'the same, quick to start', slow, [trace('code', 5), '3400s'], {
    startUp: '2s',
  }),
  surge('code-fast-12', 'Azure code x 12', fast, [trace('code', 12), '3400s']),
  surge('code-fast-12-2s', 'the same, quick to start', fast, [trace('code', 12), '3400s'], {
    startUp: '2s',
  }),
  surge('errors-fast', 'a ramp, 4 of 5 fail for 2 min of it', fast, [ramp(20), '1200s'], {
    mishap: errors,
  }),
  surge('crashes-slow', 'a ramp, crashes for 10 min', slow, [ramp(8), '1200s'], {
    mishap: crashes,
    clients: retries,
  }),
  surge(
    'crashes-probe',
    'the same, and only a readiness probe finds out',
    slow,
    [ramp(8), '1200s'],
    {
      mishap: crashes,
      clients: retries,
      unready: '30s',
    },
  ),
  surge(
    'rocket',
    '10 to 10,000 requests a second in 60 s, requests of 20 ms',
    tiny,
    [
      { lines: { points: { '0s': 10, '120s': 10, '180s': 10_000, '210s': 10_000, '240s': 10 } } },
      '600s',
    ],
    { replicas: 1, startUp: '5s' },
  ),
]
