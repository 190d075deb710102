import type { TrafficFile } from '../traffic/spec.ts'
import type { PlantSpec } from './spec.ts'

/** A plant with the traffic that goes with it and what its owner wants. */
export interface Setting {
  about: string
  plant: PlantSpec
  /** For each replica. */
  traffic: TrafficFile
  /** Latency objective: of a request from when the model gets it. */
  objective: string
  /** Whether monitoring sees CPU. */
  cpu: boolean
  /** Replicas that it is played with, where one does not show what it is about. */
  replicas?: number
}

const eight = { kind: 'cores', cores: 8, work: { mean: '100ms', spread: 'uniform' } } as const
const llm = {
  kind: 'tokens',
  base: '10ms',
  each: '150us',
  prefill: 20_000,
  prompt: { mean: 600, spread: 'lognormal', cv: 1 },
  output: { mean: 250, spread: 'lognormal', cv: 0.8 },
  kv: 100_000,
} as const

const constant = (rate: number): TrafficFile => ({ constant: { rate } })

/**
 * The classes of models that a learner of limits must survive. Where nothing else is said, clients send 1.3
 * times what the best limit carries, so that the limit is what decides.
 */
export const catalogue = {
  'one-core': {
    about: 'One core, 40 ms of CPU each.',
    plant: { model: { kind: 'cores', cores: 1, work: { mean: '40ms', spread: 'uniform' } } },
    traffic: constant(32.5),
    objective: '150ms',
    cpu: true,
  },
  'eight-cores': {
    about: 'Eight cores, 100 ms of CPU each.',
    plant: { model: eight },
    traffic: constant(104),
    objective: '300ms',
    cpu: true,
  },
  knee: {
    about: 'Waits for others and shows no CPU; 200 at once are as fast as one, more are not.',
    plant: {
      model: { kind: 'cores', cores: 200, work: { mean: '500ms', spread: 'uniform' }, cpu: false },
    },
    traffic: constant(520),
    objective: '1s',
    cpu: false,
  },
  contention: {
    about: 'Requests hinder one another: throughput is highest with 44 in flight and falls beyond.',
    plant: {
      model: {
        kind: 'usl',
        work: { mean: '100ms', spread: 'uniform' },
        sigma: 0.02,
        kappa: 0.0005,
      },
    },
    traffic: constant(204),
    objective: '600ms',
    cpu: false,
  },
  'llm-calm': {
    about: 'An LLM engine at three quarters of what it carries.',
    plant: { model: llm },
    traffic: constant(8.5),
    objective: '30s',
    cpu: false,
  },
  'llm-full': {
    about: 'The same with half as much again as it carries: its KV cache overflows.',
    plant: { model: llm },
    traffic: constant(17),
    objective: '30s',
    cpu: false,
  },
  bimodal: {
    about: 'Four cores; nine short requests, then one ten times as long.',
    plant: {
      model: {
        kind: 'cores',
        cores: 4,
        work: { mean: '57ms', spread: 'bimodal', share: 0.1, factor: 10 },
      },
    },
    traffic: constant(91),
    objective: '600ms',
    cpu: true,
  },
  drift: {
    about: 'Sixteen cores become six, and then twenty-four.',
    plant: { model: { ...eight, cores: { '0s': 16, '200s': 6, '400s': 24 } } },
    traffic: constant(312),
    objective: '300ms',
    cpu: true,
  },
  pauses: {
    about: 'Eight cores that stop for 400 ms every ten seconds, collecting garbage.',
    plant: { model: eight, pauses: { every: '10s', for: '400ms' } },
    traffic: constant(104),
    objective: '300ms',
    cpu: true,
  },
  neighbour: {
    about: 'Eight cores of which a neighbour takes half, twice for 100 s.',
    plant: {
      model: eight,
      neighbour: [
        { from: '100s', until: '200s', speed: 0.5 },
        { from: '300s', until: '400s', speed: 0.5 },
      ],
    },
    traffic: constant(104),
    objective: '400ms',
    cpu: true,
  },
  lull: {
    about: 'Eight cores; for 200 s hardly anybody comes, and then as many as before.',
    plant: { model: eight },
    traffic: { levels: { points: { '0s': 104, '200s': 8, '400s': 104 } } },
    objective: '300ms',
    cpu: true,
  },
  quiet: {
    about: 'Low traffic, one request a second: a limit is never reached.',
    plant: {
      model: { kind: 'cores', cores: 50, work: { mean: '200ms', spread: 'uniform' }, cpu: false },
    },
    traffic: constant(1),
    objective: '500ms',
    cpu: false,
  },
  batches: {
    about: 'A classifier on a GPU, in batches of up to 16.',
    plant: { model: { kind: 'batch', most: 16, fixed: '30ms', each: '2ms' } },
    traffic: constant(335),
    objective: '250ms',
    cpu: false,
  },
  'padded-batches': {
    about: 'Batches padded to powers of two: 17 take as long as 32, so there are local optima.',
    plant: { model: { kind: 'batch', most: 64, fixed: '20ms', each: '2ms', padded: true } },
    traffic: constant(562),
    objective: '250ms',
    cpu: false,
  },
  memory: {
    about: 'Would serve 64 at once, but is killed for want of memory at 41.',
    plant: {
      model: { kind: 'cores', cores: 64, work: { mean: '400ms', spread: 'uniform' }, cpu: false },
      memory: { limit: 4096, base: 1024, each: 75 },
    },
    traffic: constant(130),
    objective: '1s',
    cpu: false,
  },
  cold: {
    about: 'Four cores; the first requests go eight times as slowly, until the cache is warm.',
    plant: {
      model: { kind: 'cores', cores: 4, work: { mean: '50ms', spread: 'lognormal', cv: 0.5 } },
      cold: { factor: 8, requests: 300 },
    },
    traffic: constant(104),
    objective: '250ms',
    cpu: true,
  },
  classes: {
    about: 'Two classes of requests: one in fifty costs fifty times what the others do.',
    plant: {
      model: { kind: 'cores', cores: 8, work: { mean: '10ms', spread: 'uniform' } },
      classes: [1, 50],
    },
    traffic: { ...constant(525), classes: [0.98, 0.02] },
    objective: '600ms',
    cpu: true,
  },
  'slow-replica': {
    about: 'One replica in ten is three times as slow.',
    plant: {
      model: { kind: 'cores', cores: 2, work: { mean: '50ms', spread: 'exponential' } },
      slow: { share: 0.1, factor: 3 },
    },
    traffic: constant(48.5),
    objective: '400ms',
    cpu: true,
    replicas: 10,
  },
  'heavy-tail': {
    about: 'Eight cores; a few requests are very long (lognormal, deviation three times the mean).',
    plant: {
      model: { kind: 'cores', cores: 8, work: { mean: '60ms', spread: 'lognormal', cv: 3 } },
    },
    traffic: constant(173),
    objective: '800ms',
    cpu: true,
  },
  agent: {
    about:
      'Waits 300 ms for another model, then needs 5 ms of one of two cores: 122 at once are best.',
    plant: {
      model: {
        kind: 'cores',
        cores: 2,
        work: { mean: '5ms', spread: 'uniform' },
        wait: { mean: '300ms', spread: 'exponential' },
      },
    },
    traffic: constant(520),
    objective: '1500ms',
    cpu: true,
  },
  diffusion: {
    about: 'Eight seconds each, 24 at once.',
    plant: {
      model: { kind: 'cores', cores: 24, work: { mean: '8s', spread: 'uniform' }, cpu: false },
    },
    traffic: constant(3.9),
    objective: '20s',
    cpu: false,
  },
  fast: {
    about: 'Two cores, 5 ms of CPU each.',
    plant: {
      model: { kind: 'cores', cores: 2, work: { mean: '5ms', spread: 'lognormal', cv: 1 } },
    },
    traffic: constant(520),
    objective: '40ms',
    cpu: true,
  },
  errors: {
    about: 'Eight cores; for a minute half of the requests fail at once.',
    plant: { model: eight, errors: [{ from: '100s', until: '160s', share: 0.5 }] },
    traffic: constant(104),
    objective: '300ms',
    cpu: true,
  },
  crashes: {
    about: 'Four cores; for three minutes it crashes when it was up for 40 s.',
    plant: {
      model: { kind: 'cores', cores: 4, work: { mean: '50ms', spread: 'exponential' } },
      crashes: { from: '60s', until: '240s', every: '40s', restart: '10s' },
    },
    traffic: constant(104),
    objective: '250ms',
    cpu: true,
  },
} satisfies Record<string, Setting>
