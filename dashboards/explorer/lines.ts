/** Cuts a stream of text into lines of JSON. Pure. */
export function jsonLines(line: (value: unknown) => void): (chunk: string) => void {
  let held = ''
  return chunk => {
    const parts = (held + chunk).split('\n')
    held = parts.pop() ?? ''
    for (const part of parts) if (part !== '') line(JSON.parse(part))
  }
}

/** ms before the next try: 0.5 s, doubling to 5 s. */
export function backOff(tries: number): number {
  return Math.min(5000, 500 * 2 ** Math.max(0, tries - 1))
}
