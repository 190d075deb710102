import type { Link } from '../core/carry/link.ts'

/**
 * What may be sent to a replica in place of the pass, which is long: a word that its sidecar has told, on the connection
 * on which it was told (sidecar/passes.ts). Lines with their CRLF.
 */
export class Words {
  private told = new WeakMap<Link, { pass: string; line: string }>()
  private mixed = false

  /** The line that shows on this connection who we are. */
  lineFor(link: Link, pass: string): string {
    const known = this.told.get(link)
    return known !== undefined && known.pass === pass ? known.line : pass
  }

  /** What the answer to a pass told. */
  heard(link: Link, pass: string, line: string): void {
    if (!this.mixed) this.told.set(link, { pass, line })
  }

  /** A word was not taken: something between us and the sidecar (a mesh) mixes up connections. No more of them. */
  refused(): void {
    this.mixed = true
    this.told = new WeakMap()
  }
}
