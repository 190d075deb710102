import type { Sample } from '../../core/model/sample.ts'
import { edgeSample } from '../../edge/dispatch/sample.ts'
import type { Second } from '../../edge/dispatch/tally.ts'
import type { Pod } from '../path/pod.ts'
import type { Sidecar } from '../path/sidecar.ts'
import type { Measured } from '../plants/model.ts'

/** ms since 1970 at which virtual time begins; any would do. */
const START = 1_700_000_000_000
export const ENDPOINT = 'simulated/model'
export const REVISION = 'r1'
const SECOND_MS = 1000
const SELF = { cpuUs: 0, rss: 0, delayUs: 0 }

export function msOf(us: number): number {
  return START + us / 1000
}

/** What a sidecar tells of the second that ends now, and what it lets through because of it. */
export function sampleOf(pod: Pod, sidecar: Sidecar, measured: Measured, nowUs: number) {
  const { limit, counts, passed } = sidecar.second(nowUs)
  const { cpu, memoryPermille, gpuPermille, engine, tokensOut } = measured
  const sample: Sample = {
    v: 1,
    kind: 'replica',
    ...named(pod.name, pod.seq++, nowUs),
    limit,
    ...counts,
    tokens: tokensOut === null ? counts.tokens : { in: 0, out: tokensOut },
    cpu,
    memory: memoryPermille === null ? null : { bytes: memoryPermille, limit: 1000 },
    gpu: gpuPermille === null ? null : { util: gpuPermille, memoryBytes: 0, memoryLimit: null },
    engine:
      engine === null
        ? null
        : {
            kind: 'vllm',
            running: engine.running,
            waiting: engine.waiting,
            kv: engine.kvPermille,
            preemptions: engine.preemptions,
          },
    self: SELF,
    causes: [],
  }
  return { sample, passed }
}

/** What an edge tells of the second that ends now. */
export function edgeSecond(name: string, seq: number, second: Second, nowUs: number): Sample {
  const us = SECOND_MS * 1000
  return edgeSample({ ...named(name, seq, nowUs), us, self: SELF, causes: [] }, second)
}

function named(replica: string, seq: number, nowUs: number) {
  const start = msOf(nowUs) - SECOND_MS
  return { endpoint: ENDPOINT, revision: REVISION, replica, boot: replica, seq, start }
}
