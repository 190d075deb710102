/** Bytes that clients make us keep, all of them together: heads that are not whole, and what came before its turn. */
export class Kept {
  bytes = 0
  readonly most: number

  constructor(most: number) {
    this.most = most
  }
}

/** One client's part of it. */
export class Share {
  private readonly all: Kept
  private bytes = 0

  constructor(all: Kept) {
    this.all = all
  }

  /** So much is kept for it now; false: it is more than there is for all. */
  hold(bytes: number): boolean {
    const { all } = this
    if (bytes === this.bytes) return true
    const more = bytes > this.bytes
    all.bytes += bytes - this.bytes
    this.bytes = bytes
    return !more || all.bytes <= all.most
  }
}
