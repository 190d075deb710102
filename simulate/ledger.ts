import { quantile, Recorder } from '../core/model/histogram.ts'
import type { Request } from './path/request.ts'
import type { Quantiles, Seconds, Totals } from './result.ts'

/** Longer than this for a slot is bad (reference: what a person notices). */
const SLOW_US = 100_000
const SECOND = 1_000_000

/** Keeps count of what became of each request. */
export class Ledger {
  readonly seconds: Seconds
  private readonly objectiveUs: number
  private readonly wait = new Recorder()
  private readonly response = new Recorder()
  private readonly service = new Recorder()
  private readonly worst = { wait: 0, response: 0, service: 0 }
  private rejections = 0

  constructor(seconds: number, objectiveUs: number) {
    this.objectiveUs = objectiveUs
    const zeros = (): number[] => new Array<number>(seconds).fill(0)
    this.seconds = {
      offered: zeros(),
      answered: zeros(),
      good: zeros(),
      bad: zeros(),
      lost: zeros(),
      desired: zeros(),
      ready: zeros(),
      limit: zeros(),
      inFlight: zeros(),
      waiting: zeros(),
    }
  }

  born(nowUs: number): void {
    add(this.seconds.offered, nowUs)
  }

  /** One try was turned away. */
  rejected(): void {
    this.rejections++
  }

  answered(request: Request, nowUs: number): void {
    const startedUs = request.startedUs ?? nowUs
    const waited = startedUs - request.bornUs
    const took = nowUs - request.bornUs
    const served = nowUs - startedUs
    add(this.seconds.answered, nowUs)
    if (served <= this.objectiveUs) add(this.seconds.good, nowUs)
    if (waited > SLOW_US) add(this.seconds.bad, request.bornUs)
    this.wait.add(waited)
    this.response.add(took)
    this.service.add(served)
    const { worst } = this
    if (waited > worst.wait) worst.wait = waited
    if (took > worst.response) worst.response = took
    if (served > worst.service) worst.service = served
  }

  /** Turned away for good, or failed. */
  lost(request: Request): void {
    add(this.seconds.bad, request.bornUs)
    add(this.seconds.lost, request.bornUs)
  }

  totals(replicaSeconds: number): Totals {
    const { offered, answered, good, bad, lost, desired } = this.seconds
    return {
      offered: sum(offered),
      answered: sum(answered),
      good: sum(good),
      bad: sum(bad),
      lost: sum(lost),
      rejections: this.rejections,
      replicaSeconds: Math.round(replicaSeconds),
      directionChanges: turns(desired),
      wait: quantiles(this.wait, this.worst.wait),
      response: quantiles(this.response, this.worst.response),
      service: quantiles(this.service, this.worst.service),
    }
  }
}

function add(counts: number[], nowUs: number): void {
  const at = Math.min(counts.length - 1, Math.max(0, Math.floor(nowUs / SECOND)))
  counts[at] = (counts[at] ?? 0) + 1
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}

function quantiles(recorder: Recorder, max: number): Quantiles {
  const histogram = [...recorder.take()]
  const at = (permille: number): number => Math.min(max, quantile(histogram, permille) ?? 0)
  return { p50: at(500), p95: at(950), p99: at(990), max }
}

/** How often the count turned round: up after down, down after up. */
function turns(counts: readonly number[]): number {
  let direction = 0
  let turned = 0
  for (const [i, count] of counts.entries()) {
    const change = Math.sign(count - (counts[i - 1] ?? count))
    if (change === 0) continue
    if (direction !== 0 && change !== direction) turned++
    direction = change
  }
  return turned
}
