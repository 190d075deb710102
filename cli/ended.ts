/** Resolves on SIGTERM, SIGINT, or, where the parent asked for that, the end of standard input. */
export function untilEnded(withStdin: boolean): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      // A parent that keeps our standard input open would keep this process alive, too.
      process.stdin.destroy()
      resolve()
    }
    process.once('SIGTERM', end)
    process.once('SIGINT', end)
    if (withStdin) process.stdin.once('end', end).once('error', end).resume()
  })
}
