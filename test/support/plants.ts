import type { Plant } from './plant.ts'
import type { Random } from './prng.ts'
import { batcher, processorSharing } from './server.ts'

const cpuWork =
  (mean: number) =>
  (r: Random): [number, number] => [0, mean * (0.5 + r.uniform())]
const ms = 1000

/** The model classes that a learner must survive. Loads are 1.3 times what the best limit carries. */
export const plants = {
  core: {
    name: 'one core, 40 ms each',
    server: random =>
      processorSharing({ cores: 1, work: cpuWork(40 * ms), showsCpu: true, random }),
    rate: () => 32,
    objectiveMs: 150,
    replicas: 1,
    cores: 1,
  },
  cores8: {
    name: 'eight cores, 100 ms each',
    server: random =>
      processorSharing({ cores: 8, work: cpuWork(100 * ms), showsCpu: true, random }),
    rate: () => 100,
    objectiveMs: 300,
    replicas: 1,
    cores: 8,
  },
  agent: {
    name: 'awaits I/O, knee at 200',
    server: random =>
      processorSharing({ cores: 200, work: cpuWork(500 * ms), showsCpu: false, random }),
    rate: () => 500,
    objectiveMs: 1000,
    replicas: 1,
    cores: null,
  },
  batch: {
    name: 'batches of up to 16',
    server: () => batcher({ most: 16, fixed: 30 * ms, each: 2 * ms }),
    rate: () => 300,
    objectiveMs: 250,
    replicas: 1,
    cores: null,
  },
  bimodal: {
    name: 'nine short ones, then one ten times as long, four cores',
    server: random =>
      processorSharing({
        cores: 4,
        work: r => [0, (r.uniform() < 0.1 ? 300 : 30) * ms],
        showsCpu: true,
        random,
      }),
    rate: () => 90,
    objectiveMs: 600,
    replicas: 1,
    cores: 4,
  },
  quiet: {
    name: 'low traffic on I/O',
    server: random =>
      processorSharing({ cores: 50, work: cpuWork(200 * ms), showsCpu: false, random }),
    rate: () => 1,
    objectiveMs: 500,
    replicas: 1,
    cores: null,
  },
  slow: {
    name: 'eight seconds each, 24 at once',
    server: random =>
      processorSharing({ cores: 24, work: cpuWork(8000 * ms), showsCpu: false, random }),
    rate: () => 4,
    objectiveMs: 20_000,
    replicas: 2,
    cores: null,
  },
} satisfies Record<string, Plant>
