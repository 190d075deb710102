import { readFileSync } from 'node:fs'
import { closedLoop } from '../../test/e2e/client.ts'

/** Who loads an endpoint, more at once than any limit of its sweep. */
export interface Crowd {
  path: string
  /** Clients at once; each sends its next request when the last one was answered. */
  width: number
  /** As many clients for each. */
  bodies: unknown[]
  /** Fixed limits to sweep. */
  limits: number[]
}

/** Eight lengths of text. */
const LENGTHS = [64, 128, 192, 256, 320, 384, 448, 512]
const texts = LENGTHS.map(words =>
  Array.from({ length: words }, (_, i) => `word${(i * 7919) % 10_007}`).join(' '),
)

const embed = {
  path: '/v1/embed',
  width: 128,
  bodies: texts.map(text => ({ text })),
  limits: [1, 2, 4, 8, 16, 24, 32, 48, 64],
}

const CROWDS: Record<string, () => Crowd> = {
  encoder: () => embed,
  untold: () => embed,
  llm: () => ({
    path: '/v1/completions',
    width: 96,
    bodies: texts.map(prompt => ({ prompt, max_tokens: 64 })),
    limits: [4, 8, 16, 32, 48, 64],
  }),
  mlserver: () => ({
    path: '/v2/models/digits/infer',
    width: 24,
    bodies: [pixels()],
    limits: [1, 2, 4, 8, 16],
  }),
  llamacpp: () => ({
    path: '/v1/completions',
    width: 24,
    bodies: texts.slice(0, 4).map(text => ({ prompt: text.slice(0, 200), max_tokens: 32 })),
    limits: [1, 2, 4, 8, 16],
  }),
  digits: () => ({
    path: '/v1/predict',
    width: 48,
    bodies: requests('digits/requests.json').slice(0, 8),
    limits: [1, 2, 4, 8, 16, 32],
  }),
  agent: () => ({
    path: '/v1/run',
    width: 1200,
    bodies: [{ question: 'Which train leaves first?' }],
    limits: [64, 128, 256, 512, 1024],
  }),
  emulator: () => ({
    path: '/v1/completions',
    width: 64,
    bodies: texts.map(prompt => ({ prompt, max_tokens: 64 })),
    limits: [4, 8, 16, 32, 48],
  }),
}

export function crowdOf(name: string): Crowd {
  const crowd = CROWDS[name]
  if (crowd === undefined) throw new Error(`no crowd for ${name}`)
  return crowd()
}

export function load(
  { path, bodies }: Crowd,
  url: string,
  width: number,
): { stop(): Promise<Record<string, unknown>> } {
  const each = Math.ceil(width / bodies.length)
  const loops = bodies.map(body => closedLoop({ url, path, body }, each))
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

function requests(file: string): unknown[] {
  const path = `${import.meta.dirname}/../../examples/three-models/${file}`
  return JSON.parse(readFileSync(path, 'utf8')) as unknown[]
}

function pixels(): unknown {
  const data = Array.from({ length: 64 }, (_, i) => (i * 7) % 17)
  return { inputs: [{ name: 'pixels', shape: [1, 64], datatype: 'FP32', data }] }
}
