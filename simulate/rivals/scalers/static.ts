import type { Scaler, Second } from './scaler.ts'

/** A fixed count, whatever happens. */
export class Static implements Scaler {
  private readonly count: number

  constructor(count: number) {
    this.count = count
  }

  second({ desired }: Second): number | null {
    return desired === this.count ? null : this.count
  }
}
