import { EMPTY } from '../../core/model/distribution.ts'
import type { Inputs, Summary } from '../../core/model/decision.ts'
import type { ArmFold } from '../../core/model/windows.ts'

export function emptyFold(n: number, slot: number, arm: ArmFold['arm']): ArmFold {
  const zero = { offered: 0, admitted: 0, ok: 0, server: 0, late: 0, rejected: 0, tokensOut: 0 }
  return {
    order: { epoch: 1, n },
    slot,
    arm,
    seconds: 0,
    us: 0,
    ...zero,
    inFlightIntegral: 0,
    inFlightMax: 0,
    boundUs: 0,
    cpuUs: 0,
    service: EMPTY,
    limit: 0,
    guardSeconds: 0,
    guardLimits: 0,
    okSquares: 0,
  }
}

export function emptySummary(seconds: number, replicas: number): Summary {
  const counts = { offered: 0, attempts: 0, admitted: 0, ok: 0, client: 0, server: 0, late: 0 }
  return {
    seconds,
    ...counts,
    rejected: 0,
    abandoned: 0,
    inFlightMilli: 0,
    queuedMilli: 0,
    heldMilli: 0,
    heldMax: 0,
    present: 0,
    serviceCount: 0,
    serviceSum: 0,
    serviceP50: null,
    serviceP95: null,
    waitP95: null,
    boundPermille: 0,
    cpuPermille: null,
    memoryPermille: null,
    gpuPermille: null,
    kvPermille: null,
    engineWaiting: null,
    tokensOut: 0,
    coverage: 1000,
    expected: replicas,
    reporting: replicas,
    stalenessMs: 0,
  }
}

export function emptyInputs(ready: number, windows: Inputs['windows'], folds: ArmFold[]): Inputs {
  const others = { starting: 0, notReady: 0, draining: 0, failed: 0, oldestStartingMs: 0 }
  return {
    replicas: { desired: ready, ready, ...others },
    platformVersion: 0,
    startUps: [],
    windows,
    windowAgeMs: 0,
    offeredPerSecond: [],
    outliers: [],
    missing: [],
    folds,
    inForce: null,
    overrides: [],
    causes: [],
    activate: false,
  }
}
