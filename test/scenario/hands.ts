import type { EndpointWindows } from '../../core/model/windows.ts'
import { UNSEEN, type Ended, type Measured, type Model } from '../../simulate/plants/model.ts'
import type { Hands } from '../support/backstage.ts'

/** What some scenarios do that their files can't say, by name; anew for each run. */
export const hands: Readonly<Record<string, () => Hands>> = {
  'missing-data': () => ({
    sample: (sample, second) =>
      second >= 300 && second < 700 && Number(sample.replica.slice(1)) % 5 !== 0 ? null : sample,
  }),
  'aggregator-gone': () => {
    let last: EndpointWindows | null = null
    return {
      windows: (windows, second) => (second >= 290 && second < 400 ? last : (last = windows)),
    }
  },
  'no-gain': () => sharing(40),
  'no-gain-ends': () => sharing(40),
}

/** All replicas wait for the same store, which can do so many a second. */
function sharing(perSecond: number): Hands {
  const store = { eachUs: 1_000_000 / perSecond, freeUs: 0 }
  return { model: () => new Behind(store, 200_000) }
}

/** A model whose requests take their time, and one after another a turn at a store that others use too. */
class Behind implements Model {
  private readonly store: { eachUs: number; freeUs: number }
  private readonly workUs: number
  /** In the order in which they end: both times only grow. */
  private readonly held: { id: number; us: number }[] = []

  constructor(store: { eachUs: number; freeUs: number }, workUs: number) {
    this.store = store
    this.workUs = workUs
  }

  start(id: number, _kind: number, nowUs: number): void {
    this.store.freeUs = Math.max(this.store.freeUs, nowUs) + this.store.eachUs
    this.held.push({ id, us: Math.max(nowUs + this.workUs, this.store.freeUs) })
  }

  nextUs(): number {
    return this.held[0]?.us ?? Infinity
  }

  end(nowUs: number): readonly Ended[] {
    const first = this.held.findIndex(({ us }) => us > nowUs)
    const over = this.held.splice(0, first < 0 ? this.held.length : first)
    return over.map(({ id }) => ({ id, ok: true, tokens: 0 }))
  }

  downUntilUs(): number | null {
    return null
  }

  measure(): Measured {
    return UNSEEN
  }
}
