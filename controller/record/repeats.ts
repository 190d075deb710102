import { canonical } from '../../core/model/canonical.ts'
import type { DecisionBody, Inputs } from '../../core/model/decision.ts'
import type { Draft } from './line.ts'

/** A hold that was written in full, and the times at which it came again since. */
interface Kept {
  of: number
  body: DecisionBody
  key: string
  nows: number[]
}

/** A repeat is written at least this often, ms. */
const AT_LEAST_EVERY = 60_000
const MOST_NOWS = 600

/**
 * Holds that say the same again: equal but for `now` and the inputs' clocks. They are gathered into
 * `repeat` records. What is lost of them in a crash was never acted on. The state of the limit stays as it
 * is through a repeat; that of the replicas may age, in a way that a replay finds by itself.
 */
export class Repeats {
  private readonly kept = new Map<string, Kept>()

  /** The record that this decision may repeat, or null. */
  like(body: DecisionBody): DecisionBody | null {
    const kept = this.kept.get(keyOf(body))
    return kept !== undefined && repeatable(body) && kept.key === comparable(body)
      ? kept.body
      : null
  }

  /** Counts `body` as one more of the record that `like` gave. */
  add(body: DecisionBody): void {
    this.kept.get(keyOf(body))?.nows.push(body.now)
  }

  /** A decision was written in full. */
  wrote(seq: number, body: DecisionBody): void {
    if (!repeatable(body)) this.kept.delete(keyOf(body))
    else this.kept.set(keyOf(body), { of: seq, body, key: comparable(body), nows: [] })
  }

  /** Repeats of an endpoint: to be written before its next decision. */
  takeOf(endpoint: string): Draft[] {
    return [...this.kept.values()].filter(({ body }) => body.endpoint === endpoint).flatMap(take)
  }

  /** Repeats that have waited long enough. */
  takeDue(now: number): Draft[] {
    return [...this.kept.values()]
      .filter(
        ({ nows }) => nows.length >= MOST_NOWS || now - (nows[0] ?? now) >= AT_LEAST_EVERY - 1000,
      )
      .flatMap(take)
  }

  takeAll(): Draft[] {
    return [...this.kept.values()].flatMap(take)
  }

  /** Each next decision is written in full: no file points into an older one. */
  forget(): void {
    this.kept.clear()
  }
}

function take(kept: Kept): Draft[] {
  if (kept.nows.length === 0) return []
  const { of, nows } = kept
  kept.nows = []
  return [{ kind: 'repeat', body: { of, nows } }]
}

function keyOf({ endpoint, what }: DecisionBody): string {
  return `${what} ${endpoint}`
}

function repeatable({ what, outcome, state, after }: DecisionBody): boolean {
  const hold = outcome.action === 'hold' && !outcome.act && outcome.order === null
  return hold && (what === 'replicas' || state === after)
}

/** The body without what ticks by itself. */
function comparable(body: DecisionBody): string {
  // "Too little evidence in N s": the same evidence, older.
  const reasons = body.reasons.map(({ code, numbers }) => ({
    code,
    numbers: 'seconds' in numbers ? { ...numbers, seconds: 0 } : numbers,
  }))
  return canonical({ ...body, now: 0, state: '', after: '', reasons, inputs: still(body.inputs) })
}

function still(inputs: Inputs): Inputs {
  const { windows } = inputs
  return {
    ...inputs,
    windowAgeMs: inputs.windowAgeMs === null ? null : 0,
    replicas: { ...inputs.replicas, oldestStartingMs: 0 },
    outliers: inputs.outliers.map(row => ({ ...row, ageMs: 0 })),
    // Seconds without a request make evidence older, not other.
    folds: inputs.folds.map(fold => ({ ...fold, seconds: 0, us: 0, boundUs: 0 })),
    windows:
      windows === null
        ? null
        : Object.fromEntries(
            Object.entries(windows).map(([span, w]) => [span, { ...w, stalenessMs: 0 }]),
          ),
  }
}
