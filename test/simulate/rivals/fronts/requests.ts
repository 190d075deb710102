import type { FrontPod } from '../../../../simulate/path/front.ts'
import type { Request } from '../../../../simulate/path/request.ts'

export function request(id: number, nowUs = 0): Request {
  return { id, kind: 0, bornUs: nowUs, arrivedUs: nowUs, tries: 0, startedUs: null, pod: null }
}

/** A pod of a front; `present` as told. */
export function frontPod(name: string, ready = true, present = 0): FrontPod {
  return { name, ready, limit: 1, present: () => present }
}

export const ids = (requests: readonly Request[]): number[] => requests.map(({ id }) => id)
