/**
 * Resident bytes of this process. It is read from a file, which can't be opened where descriptors are short
 * (EMFILE): what was read before is as good, and no reason to end.
 */
export function residentReader(rss: () => number): () => number {
  let last = 0
  return () => {
    try {
      last = rss()
    } catch {
      // As before.
    }
    return last
  }
}
