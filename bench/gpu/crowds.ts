import { closedLoop } from '../../test/e2e/client.ts'

/** More clients than any limit of the sweep, each sending its next request when the last one was answered. */
const CROWDS: Record<string, { path: string; width: number; body: (words: number) => unknown }> = {
  encoder: { path: '/v1/embed', width: 128, body: words => ({ text: wordsOf(words) }) },
  untold: { path: '/v1/embed', width: 128, body: words => ({ text: wordsOf(words) }) },
  llm: {
    path: '/v1/completions',
    width: 96,
    body: words => ({ prompt: wordsOf(words), max_tokens: 64 }),
  },
}
/** Eight lengths of text, as many clients for each. */
const LENGTHS = [64, 128, 192, 256, 320, 384, 448, 512]

export function crowds(
  name: string,
  url: string,
  width: number | null,
): { stop(): Promise<Record<string, unknown>> } {
  const crowd = CROWDS[name]
  if (crowd === undefined) throw new Error(`no crowd for ${name}`)
  const each = Math.ceil((width ?? crowd.width) / LENGTHS.length)
  const loops = LENGTHS.map(words =>
    closedLoop({ url, path: crowd.path, body: crowd.body(words) }, each),
  )
  return {
    async stop() {
      const tallies = await Promise.all(loops.map(loop => loop.stop()))
      const sum = (of: 'sent' | 'ok' | 'rejected' | 'failed' | 'lost' | 'other'): number =>
        tallies.reduce((total, tally) => total + tally[of], 0)
      return {
        sent: sum('sent'),
        ok: sum('ok'),
        rejected: sum('rejected'),
        failed: sum('failed') + sum('lost') + sum('other'),
        words: tallies.flatMap(({ words }) => words).slice(0, 5),
      }
    },
  }
}

function wordsOf(count: number): string {
  return Array.from({ length: count }, (_, i) => `word${(i * 7919) % 10_007}`).join(' ')
}
