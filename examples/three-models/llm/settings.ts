import { integerFrom } from '../config.ts'
import type { EngineSettings } from './engine.ts'

/**
 * An engine of which a request with 200 output tokens takes about 2 s alone and 3 s in a full batch.
 * The cache holds 24,576 tokens: about 16 of the requests in examples/traces.
 */
export function engineSettings(): EngineSettings {
  return {
    blocks: integerFrom('EMULATOR_KV_BLOCKS', { or: 1_536, min: 1, max: 1_000_000 }),
    blockTokens: 16,
    maxSequences: integerFrom('EMULATOR_MAX_SEQS', { or: 64, min: 1, max: 1_000 }),
    prefillTokens: 2_048,
    baseUs: 9_000,
    perSequenceUs: 150,
    perCachedTokenUs: 0.1,
    perPrefillTokenUs: 30,
  }
}
