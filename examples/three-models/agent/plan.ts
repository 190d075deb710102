/** One thing the agent waits for: a tool or a model elsewhere, and how long that takes (ms). */
export type Call = { tool: string; ms: number }

const TOOLS = ['plan', 'search', 'read', 'answer'] as const
const MEAN_CALLS = 3.5
/** Spread of a call's duration: the standard deviation of its logarithm. */
const SIGMA = 0.5

/**
 * The calls of one request: three or four, each of log-normal duration, so that a request takes
 * `meanMs` on average. The same seed and request number give the same calls.
 */
export function planCalls(seed: number, request: number, meanMs: number): Call[] {
  const random = randomFrom(seed, request)
  const skipsReading = random() < 0.5
  const mu = Math.log(meanMs / MEAN_CALLS) - SIGMA ** 2 / 2
  return TOOLS.filter(tool => tool !== 'read' || !skipsReading).map(tool => ({
    tool,
    ms: Math.round(Math.exp(mu + SIGMA * normal(random))),
  }))
}

/** Box-Muller: a standard normal number from two uniform ones. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Uniform numbers in [0, 1): a Weyl sequence through the 32-bit finaliser of MurmurHash3. */
function randomFrom(seed: number, stream: number): () => number {
  let state = (mix(seed) ^ mix(stream + 0x51ed270b)) >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    return mix(state) / 2 ** 32
  }
}

function mix(value: number): number {
  let bits = value >>> 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
