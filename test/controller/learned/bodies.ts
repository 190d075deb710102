import type { DecisionBody, Proposal, Reason } from '../../../core/model/decision.ts'
import { bucketOf } from '../../../core/model/histogram.ts'
import type { ArmFold } from '../../../core/model/windows.ts'
import { summarise } from '../../../controller/decide/summarise.ts'

const HASH = '0'.repeat(64)
const MEAN_US = 180_000

/** Evidence of a limit: `answers` of 180 ms within `seconds`, 0.9 of the limit in flight, reached for 0.8 of the time. */
export function foldOf(limit: number, answers: number, seconds: number): ArmFold {
  const us = seconds * 1_000_000
  const squares = (BigInt(answers) * BigInt(MEAN_US) * BigInt(MEAN_US)).toString()
  return {
    order: { epoch: 1, n: 1 },
    slot: 0,
    arm: 'none',
    seconds,
    us,
    offered: answers,
    admitted: answers,
    ok: answers,
    server: 0,
    late: 0,
    rejected: 0,
    inFlightIntegral: 0.9 * limit * us,
    inFlightMax: limit,
    boundUs: 0.8 * us,
    tokensOut: 0,
    cpuUs: 0,
    service: {
      count: answers,
      sum: answers * MEAN_US,
      squares,
      histogram: [bucketOf(MEAN_US), answers],
    },
    limit,
    guardSeconds: 0,
    guardLimits: 0,
    okSquares: 0,
  }
}

/** A decision about the limit of local/a, a hold at 4 unless something else is said. */
export function decision({
  now = 5000,
  folds = [],
  proposals = [{ rule: 'hold', wants: 4, numbers: {} }],
  reasons = [],
}: {
  now?: number
  folds?: ArmFold[]
  proposals?: Proposal[]
  reasons?: Reason[]
}): DecisionBody {
  const platform = { endpoint: 'local/a', revision: 'r1', port: 1, desired: 1, replicas: [] }
  const observed = { windows: null, windowAgeMs: null, platform, platformVersion: 1, now }
  return {
    what: 'limit',
    endpoint: 'local/a',
    revision: 'r1',
    now,
    inputs: summarise({ ...observed, since: null, folds, overrides: [], activate: false }),
    state: HASH,
    settings: HASH,
    algorithm: 'test',
    proposals,
    bounds: [],
    outcome: { action: 'hold', from: 4, to: 4, victims: [], order: null, act: false },
    reasons,
    after: HASH,
  }
}
