/** A bar on a terminal's last line: how far all runs together are, and which one is under way. */
export interface Progress {
  at(done: number, what: string): void
  /** Takes the bar away. */
  end(): void
}

const WIDTH = 24
const SILENT: Progress = { at: () => {}, end: () => {} }

/** `done` goes to `total`. Nothing is shown where nobody looks: a pipe, a file. */
export function progressOn(
  out: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>,
  total: number,
): Progress {
  if (!out.isTTY) return SILENT
  let shown = ''
  return {
    at(done, what) {
      const share = Math.min(1, done / Math.max(1, total))
      const full = Math.floor(share * WIDTH)
      const bar = `${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}`
      const words = `[${bar}] ${String(Math.floor(share * 100)).padStart(3)} %  ${what}`
      const line = words.slice(0, (out.columns || 80) - 1)
      if (line === shown) return
      shown = line
      out.write(`\r${line}\x1b[K`)
    },
    end() {
      if (shown !== '') out.write('\r\x1b[K')
    },
  }
}
